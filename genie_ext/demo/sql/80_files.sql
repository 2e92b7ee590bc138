CREATE TEMP TABLE web_events AS
SELECT i AS event_id, (d + to_seconds((3600 * (6 + 17 * u(i, 'esec')))::INTEGER)) AS event_ts, 's' || floor(i / 4)::INTEGER AS session_id,
    CASE WHEN u(floor(i / 4)::INTEGER, 'ecust') < 0.45 THEN 1 + floor(amount(4000, 50) * u(floor(i / 4)::INTEGER, 'ewho'))::INTEGER END AS customer_id,
    CASE WHEN u(i, 'etype') < 0.52 THEN 'page_view' WHEN u(i, 'etype') < 0.80 THEN 'product_view' WHEN u(i, 'etype') < 0.92 THEN 'add_to_cart' WHEN u(i, 'etype') < 0.97 THEN 'checkout' ELSE 'purchase' END AS event_type,
    1 + floor(240 * pow(u(i, 'eprod'), 1.7))::INTEGER AS product_id, pick(floor(i / 4)::INTEGER, 'edev', ['mobile', 'mobile', 'desktop', 'tablet']) AS device,
    pick(floor(i / 4)::INTEGER, 'eref', ['search', 'direct', 'email', 'social', 'partner']) AS referrer, d::VARCHAR AS day
FROM (SELECT row_number() OVER (ORDER BY d, k) AS i, d FROM (
    SELECT k, (getvariable('today') - 59 + floor(60 * pow(u(k, 'eday'), 0.85))::INTEGER) AS d FROM range(1, amount(30000, 300) + 1) t (k))) ORDER BY i;

CREATE TEMP TABLE shipments_log AS
SELECT 'SH' || order_id AS shipment_id, order_id, pick(order_id, 'carrier', ['Swift Post', 'Blue Parcel', 'Courier One']) AS carrier_nm,
    (dlv_dt - 1 + INTERVAL 15 HOUR) AS shipped_at, (0.3 + 9 * pow(u(order_id, 'kg'), 2))::DECIMAL(6, 2) AS wgt_kg,
    CASE WHEN u(order_id, 'late') < 0.09 THEN 'late' WHEN u(order_id, 'late') < 0.10 THEN 'lost' ELSE 'on_time' END AS dlv_sts, (dlv_dt - 1)::VARCHAR AS day
FROM core.orders WHERE channel <> 'store' AND dlv_dt - 1 BETWEEN getvariable('today') - 44 AND getvariable('today') ORDER BY order_id;

CREATE TEMP TABLE budget_targets AS
SELECT month, channel, round(target * ([1.05, 0.97, 1.02])[1 + month(month) % 3], -2)::INTEGER AS revenue_target_usd FROM (
    SELECT date_trunc('month', order_date)::DATE AS month, channel, sum(ord_amt_usd) AS target FROM core.orders
    WHERE order_date < date_trunc('month', getvariable('today')) GROUP BY ALL) ORDER BY month, channel;

CREATE TEMP TABLE store_visits AS
SELECT s.store_id, d AS week_start, (300 + 500 * u(s.store_id || '|' || d, 'visit'))::INTEGER AS visitors
FROM core.stores s, calendar WHERE isodow(d) = 1 AND d > getvariable('today') - 365 ORDER BY 1, 2;
