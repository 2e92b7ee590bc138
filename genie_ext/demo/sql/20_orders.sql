CREATE TEMP TABLE known AS SELECT d, count(*) OVER (ORDER BY d) AS customers FROM signups;

CREATE TEMP TABLE placed AS
SELECT row_number() OVER (ORDER BY d, i) AS order_id, d FROM (
    SELECT i, u(i, 'when') AS s FROM range(1, amount(20000, 200) + 1) t (i)) a ASOF JOIN calendar ON s >= share;

CREATE TEMP TABLE lines AS
SELECT order_id, line_no, d, CASE WHEN launched_on > d THEN 1 + product_id % 11 ELSE product_id END AS product_id, quantity FROM (
    SELECT order_id, line_no, d, 1 + floor(240 * pow(u(order_id * 10 + line_no, 'product'), 1.7))::INTEGER AS product_id,
        1 + floor(3 * pow(u(order_id * 10 + line_no, 'qty'), 3))::INTEGER AS quantity
    FROM (SELECT order_id, d, unnest(range(1, 2 + floor(CASE WHEN u(order_id, 'channel') < 0.56 THEN 4.6 ELSE 3.2 END * pow(u(order_id, 'lines'), 1.8))::INTEGER)) AS line_no FROM placed))
JOIN core.products USING (product_id);

CREATE TABLE core.orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES core.customers (customer_id), order_date DATE NOT NULL,
    channel VARCHAR, status VARCHAR, store_id INTEGER REFERENCES core.stores (store_id),
    promotion_id INTEGER REFERENCES core.promotions (promotion_id),
    ship_address_id INTEGER REFERENCES core.addresses (address_id), bill_address_id INTEGER REFERENCES core.addresses (address_id),
    ord_amt_usd DECIMAL(12, 2), disc_amt_usd DECIMAL(12, 2), ship_fee_usd DECIMAL(8, 2), dlv_dt DATE);
INSERT INTO core.orders
WITH totals AS (
    SELECT order_id, sum(quantity * list_price_usd) AS goods FROM lines JOIN core.products USING (product_id) GROUP BY order_id
), drafts AS (
    SELECT o.order_id, o.d, goods, k.customers,
        CASE WHEN u(o.order_id, 'channel') < 0.56 THEN 'web'
             WHEN u(o.order_id, 'channel') < 0.86 - 0.12 * (o.d - getvariable('first_day')) / 1000.0 THEN 'store' ELSE 'marketplace' END AS channel,
        o.d + 1 + floor(u(o.order_id, 'dlv') * 8)::INTEGER AS delivered,
        CASE WHEN u(o.order_id, 'status') < 0.05 THEN 'cancelled' WHEN delivered > getvariable('today') THEN 'pending'
             WHEN u(o.order_id, 'status') < 0.12 THEN 'returned' ELSE 'completed' END AS status,
        1 + floor(u(o.order_id, 'ship') * amount(5000, 60))::INTEGER AS ship,
        (SELECT max(promotion_id) FROM core.promotions WHERE o.d BETWEEN starts_on AND ends_on AND u(o.order_id, 'promo') < 0.3) AS promotion_id
    FROM placed o JOIN totals USING (order_id) ASOF JOIN known k ON o.d >= k.d
)
SELECT order_id, CASE WHEN u(order_id, 'walkin') >= 0.004 THEN 1 + floor(customers * pow(u(order_id, 'who'), 1.5))::INTEGER END, d, channel, status,
    CASE WHEN channel = 'store' THEN 1 + floor(12 * pow(u(order_id, 'store'), 1.3))::INTEGER END, promotion_id, ship,
    CASE WHEN u(order_id, 'bill') < 0.88 THEN ship ELSE 1 + ship % amount(5000, 60) END,
    goods - off + fee, off, fee, CASE WHEN status IN ('completed', 'returned') THEN delivered END
FROM (SELECT *, (goods * coalesce(pct_off, 0) / 100)::DECIMAL(12, 2) AS off,
        CASE WHEN channel = 'store' OR goods > 120 THEN 0 ELSE 6.9 END::DECIMAL(8, 2) AS fee
      FROM drafts LEFT JOIN core.promotions USING (promotion_id)) ORDER BY order_id;

CREATE TABLE core.order_items (
    order_id INTEGER NOT NULL REFERENCES core.orders (order_id), line_no INTEGER NOT NULL,
    product_id INTEGER REFERENCES core.products (product_id), quantity INTEGER, unit_price_usd DECIMAL(10, 2), PRIMARY KEY (order_id, line_no));
INSERT INTO core.order_items
SELECT order_id, line_no, product_id, quantity, list_price_usd FROM lines JOIN core.products USING (product_id) ORDER BY order_id, line_no;

CREATE TABLE core.returns (
    return_id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES core.orders (order_id),
    product_id INTEGER REFERENCES core.products (product_id), returned_on DATE, quantity INTEGER, reason VARCHAR);
INSERT INTO core.returns
SELECT row_number() OVER (ORDER BY o.order_id), o.order_id, i.product_id, least(o.dlv_dt + 2 + floor(u(o.order_id, 'rdays') * 20)::INTEGER, getvariable('today')), i.quantity,
    CASE WHEN u(o.order_id, 'rwhy') < 0.03 THEN NULL ELSE pick(o.order_id, 'rwhy2', ['damaged', 'damaged', 'wrong item', 'not as described', 'changed mind', 'changed mind', 'late delivery']) END
FROM core.orders o JOIN core.order_items i ON i.order_id = o.order_id AND i.line_no = 1 WHERE o.status = 'returned' ORDER BY 1;

CREATE TABLE core.reviews (
    review_id INTEGER PRIMARY KEY, product_id INTEGER REFERENCES core.products (product_id),
    customer_id INTEGER REFERENCES core.customers (customer_id), reviewed_on DATE, rating INTEGER, headline VARCHAR);
INSERT INTO core.reviews
SELECT row_number() OVER (ORDER BY order_id, line_no), product_id, customer_id, least(dlv_dt + 3 + floor(u(order_id, 'vdays') * 25)::INTEGER, getvariable('today')), stars,
    CASE WHEN stars >= 4 THEN pick(order_id, 'good', ['Lovely', 'Would buy again', 'Solid and simple']) WHEN stars = 3 THEN 'It is fine' ELSE pick(order_id, 'bad', ['Disappointing', 'Broke quickly', 'Not for me']) END
FROM (SELECT o.order_id, line_no, product_id, customer_id, dlv_dt, 1 + floor(5 * pow(u(o.order_id * 10 + line_no, 'stars'), 0.45))::INTEGER AS stars
      FROM core.orders o JOIN core.order_items USING (order_id)
      WHERE o.status = 'completed' AND customer_id IS NOT NULL AND u(o.order_id * 10 + line_no, 'review') < 0.09) ORDER BY 1;

CREATE TABLE core.purchase_orders (
    po_id INTEGER PRIMARY KEY, supplier_id INTEGER REFERENCES core.suppliers (supplier_id), ordered_on DATE, total_cost_usd DECIMAL(12, 2), po_status VARCHAR,
    created_by INTEGER REFERENCES core.employees (employee_id), approved_by INTEGER REFERENCES core.employees (employee_id));
INSERT INTO core.purchase_orders
SELECT i, 1 + floor(u(i, 'psup') * 36)::INTEGER, d, 400 + 22000 * pow(u(i, 'ptot'), 2), CASE WHEN d > getvariable('today') - 20 THEN 'open' ELSE 'received' END,
    3 + 6 * floor(u(i, 'pby') * 19)::INTEGER, CASE WHEN d > getvariable('today') - 5 THEN NULL WHEN u(i, 'papp') < 0.8 THEN 3 ELSE 5 END
FROM (SELECT row_number() OVER (ORDER BY d, k) AS i, d FROM (SELECT k, u(k, 'pwhen') AS s FROM range(1, amount(900, 20) + 1) t (k)) ASOF JOIN calendar ON s >= share) ORDER BY i;

CREATE TABLE core.inventory (
    store_id INTEGER REFERENCES core.stores (store_id), product_id INTEGER REFERENCES core.products (product_id),
    qty_on_hand INTEGER, reorder_point INTEGER, counted_on DATE, PRIMARY KEY (store_id, product_id));
INSERT INTO core.inventory
SELECT s.store_id, p.product_id, floor(60 * pow(u(s.store_id * 1000 + p.product_id, 'stock'), 1.6))::INTEGER, 5 + p.product_id % 9, getvariable('today') - (s.store_id % 7)::INTEGER
FROM core.stores s, core.products p WHERE u(s.store_id * 1000 + p.product_id, 'kept') < 0.7 ORDER BY 1, 2;
