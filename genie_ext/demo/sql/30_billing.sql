CREATE TABLE billing.plans (plan_id INTEGER PRIMARY KEY, plan_name VARCHAR NOT NULL, monthly_price_usd DECIMAL(8, 2), max_seats INTEGER);
INSERT INTO billing.plans VALUES (1, 'Free', 0, 1), (2, 'Starter', 9, 3), (3, 'Team', 19, 20), (4, 'Business', 29, 250);

CREATE TABLE billing.subscriptions (
    subscription_id INTEGER PRIMARY KEY, customer_id INTEGER, plan_id INTEGER REFERENCES billing.plans (plan_id),
    started_on DATE, cancelled_on DATE, seats INTEGER, mrr_usd DECIMAL(10, 2), cancel_reason VARCHAR);
INSERT INTO billing.subscriptions
WITH starts AS (
    SELECT customer_id AS c, between_days(customer_id, 'sub', greatest(d, getvariable('first_day')), getvariable('today')) AS d,
        CASE WHEN u(customer_id, 'plan') < 0.38 THEN 1 WHEN u(customer_id, 'plan') < 0.70 THEN 2 WHEN u(customer_id, 'plan') < 0.91 THEN 3 ELSE 4 END AS plan_id
    FROM signups WHERE u(customer_id, 'subscribes') < 0.4
), first AS (
    SELECT *, CASE WHEN u(c, 'ends') < ([0.20, 0.42, 0.30, 0.18])[plan_id] THEN d + 20 + floor(u(c, 'life') * 420)::INTEGER END AS e FROM starts
), ended AS (
    SELECT c, d, plan_id, CASE WHEN e <= getvariable('today') THEN e END AS e FROM first
), again AS (
    SELECT c, e + 15 + floor(u(c, 'back') * 60)::INTEGER AS d, least(plan_id + 1, 4) AS plan_id, NULL::DATE AS e FROM ended WHERE e IS NOT NULL AND u(c, 'returns') < 0.2
), everyone AS (
    SELECT * FROM ended UNION ALL SELECT * FROM again WHERE d <= getvariable('today')
)
SELECT row_number() OVER (ORDER BY d, c), c, plan_id, d, e, seats, seats * monthly_price_usd,
    CASE WHEN e IS NOT NULL AND u(c, 'said') < 0.85 THEN pick(c, 'why', ['too expensive', 'missing feature', 'no longer needed', 'switched provider', 'payment failed']) END
FROM (SELECT *, CASE plan_id WHEN 1 THEN 1 WHEN 2 THEN 1 + floor(u(c, 'seat') * 3)::INTEGER WHEN 3 THEN 3 + floor(u(c, 'seat') * 12)::INTEGER
        ELSE 10 + floor(u(c, 'seat') * 60)::INTEGER END AS seats FROM everyone) JOIN billing.plans USING (plan_id) ORDER BY 1;

CREATE TABLE billing.invoices (
    invoice_id INTEGER PRIMARY KEY, subscription_id INTEGER REFERENCES billing.subscriptions (subscription_id), customer_id INTEGER,
    issued_on DATE, due_on DATE, amount_usd DECIMAL(10, 2), invoice_status VARCHAR);
INSERT INTO billing.invoices
SELECT row_number() OVER (ORDER BY d, subscription_id), subscription_id, customer_id, d, d + 14, mrr_usd,
    CASE WHEN u(subscription_id * 100 + n, 'inv') < 0.01 THEN 'void' WHEN d + 14 > getvariable('today') THEN CASE WHEN u(subscription_id * 100 + n, 'inv') < 0.5 THEN 'open' ELSE 'paid' END
         WHEN u(subscription_id * 100 + n, 'inv') < 0.035 THEN 'overdue' ELSE 'paid' END
FROM (SELECT subscription_id, customer_id, mrr_usd, d::DATE AS d, row_number() OVER (PARTITION BY subscription_id ORDER BY d) AS n
      FROM (SELECT *, unnest(generate_series(started_on, coalesce(cancelled_on, getvariable('today')), INTERVAL 1 MONTH)) AS d FROM billing.subscriptions WHERE mrr_usd > 0))
ORDER BY 1;

CREATE TABLE billing.payments (
    payment_id INTEGER PRIMARY KEY, invoice_id INTEGER REFERENCES billing.invoices (invoice_id), paid_on DATE, amount_usd DECIMAL(10, 2), pay_mthd_cd VARCHAR);
INSERT INTO billing.payments
SELECT row_number() OVER (ORDER BY issued_on, invoice_id), invoice_id, least(issued_on + floor(u(invoice_id, 'paid') * 14)::INTEGER, getvariable('today')), amount_usd,
    pick(subscription_id, 'method', ['CC', 'CC', 'CC', 'DD', 'PP', 'WT']) FROM billing.invoices WHERE invoice_status = 'paid' ORDER BY 1;

CREATE TABLE billing.refunds (refund_id INTEGER, order_id INTEGER, refunded_on DATE, refund_amt_usd DECIMAL(12, 2), refund_reason VARCHAR);
INSERT INTO billing.refunds
SELECT row_number() OVER (ORDER BY returned_on, return_id), order_id, returned_on, least(quantity * list_price_usd, ord_amt_usd), reason
FROM core.returns JOIN core.products USING (product_id) JOIN core.orders USING (order_id) ORDER BY 1;

CREATE TABLE billing.exchange_rates (rate_date DATE, currency VARCHAR, usd_per_unit DECIMAL(12, 6));
INSERT INTO billing.exchange_rates
SELECT d, currency, base * (0.97 + 0.03 * sin((d - getvariable('first_day')) / 90.0) + 0.01 * u(d || currency, 'fx'))
FROM calendar, (VALUES ('EUR', 1.09), ('GBP', 1.27), ('CAD', 0.74), ('PLN', 0.25), ('JPY', 0.0068)) r (currency, base) WHERE isodow(d) < 6 ORDER BY d, currency;
