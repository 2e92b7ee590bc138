CREATE TABLE staging.stg_orders AS
SELECT order_id::VARCHAR AS order_id, customer_id::VARCHAR AS cust_id, strftime(order_date, '%d.%m.%Y') AS ord_dt, upper(channel) AS chnl,
    CASE WHEN order_id % 50 = 0 THEN 'N/A' ELSE ord_amt_usd::VARCHAR END AS ord_amt, status AS sts
FROM core.orders WHERE order_date > getvariable('today') - 60 ORDER BY core.orders.order_id;
INSERT INTO staging.stg_orders SELECT * FROM staging.stg_orders WHERE order_id::INTEGER % 23 = 0;

CREATE TABLE staging.stg_customers AS
SELECT customer_id AS cust_id, first_name || ' ' || last_name AS cust_nm, email,
    CASE customer_id % 7 WHEN 0 THEN lower(country) || ' ' WHEN 1 THEN upper(country) WHEN 2 THEN ' ' || country ELSE country END AS country, cust_sgmt_cd AS sgmt
FROM core.customers ORDER BY customer_id;
INSERT INTO staging.stg_customers SELECT * FROM staging.stg_customers WHERE cust_id % 31 = 0;

CREATE TABLE staging.customers_backup_2024 AS
SELECT customer_id, first_name, last_name, email, country, cust_sgmt_cd, signup_date FROM core.customers
WHERE signup_date < getvariable('first_day') + 180 ORDER BY customer_id;

CREATE TABLE core.orders_old AS
SELECT order_id, customer_id, order_date, channel, status, ord_amt_usd FROM core.orders
WHERE order_date < getvariable('first_day') + 500 ORDER BY order_id;
