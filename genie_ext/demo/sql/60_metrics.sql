CREATE VIEW metrics.order_net_revenue AS
SELECT o.order_id, o.order_date, o.customer_id, o.channel, o.ord_amt_usd AS gross_revenue_usd,
    coalesce(r.refund_amt_usd, 0) AS refunds_usd, o.ord_amt_usd - coalesce(r.refund_amt_usd, 0) AS net_revenue_usd
FROM core.orders AS o
LEFT JOIN (SELECT order_id, sum(refund_amt_usd) AS refund_amt_usd FROM billing.refunds GROUP BY order_id) AS r ON r.order_id = o.order_id
WHERE o.status <> 'cancelled';

CREATE VIEW metrics.monthly_net_revenue AS
SELECT date_trunc('month', order_date)::DATE AS month, channel, sum(net_revenue_usd) AS net_revenue_usd, count(*) AS orders
FROM metrics.order_net_revenue GROUP BY ALL;

CREATE VIEW metrics.monthly_recurring_revenue AS
WITH months AS (
    SELECT unnest(generate_series(date_trunc('month', (SELECT min(started_on) FROM billing.subscriptions)),
        (SELECT max(started_on) FROM billing.subscriptions)::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS month
)
SELECT m.month, p.plan_name, count(*) AS subscriptions, sum(s.mrr_usd) AS mrr_usd
FROM months AS m
JOIN billing.subscriptions AS s ON s.started_on <= last_day(m.month) AND (s.cancelled_on IS NULL OR s.cancelled_on > last_day(m.month))
JOIN billing.plans AS p ON p.plan_id = s.plan_id
GROUP BY m.month, p.plan_name;

CREATE VIEW metrics.active_customers AS
SELECT c.customer_id, c.country, c.cust_sgmt_cd, max(o.order_date) AS last_order_date, count(*) AS orders_90d
FROM core.customers AS c JOIN core.orders AS o ON o.customer_id = c.customer_id
WHERE NOT c.is_test_account AND o.status <> 'cancelled' AND o.order_date > (SELECT max(order_date) FROM core.orders) - 90
GROUP BY c.customer_id, c.country, c.cust_sgmt_cd;

CREATE VIEW metrics.churned_customers AS
SELECT customer_id, max(cancelled_on) AS churned_on, sum(mrr_usd) AS lost_mrr_usd
FROM billing.subscriptions GROUP BY customer_id HAVING count(*) = count(cancelled_on);

CREATE VIEW metrics.product_margin AS
SELECT p.product_id, p.product_name, c.category_name, sum(i.quantity) AS units_sold, sum(i.quantity * i.unit_price_usd) AS sales_usd,
    sum(i.quantity * (i.unit_price_usd - p.unit_cost_usd)) AS margin_usd
FROM core.order_items AS i
JOIN core.orders AS o ON o.order_id = i.order_id AND o.status <> 'cancelled'
JOIN core.products AS p ON p.product_id = i.product_id
JOIN core.categories AS c ON c.category_id = p.category_id
GROUP BY p.product_id, p.product_name, c.category_name;
