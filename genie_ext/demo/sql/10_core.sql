CREATE SCHEMA core;
CREATE SCHEMA billing;
CREATE SCHEMA support;
CREATE SCHEMA staging;
CREATE SCHEMA metrics;

CREATE TABLE core.countries (country_code VARCHAR PRIMARY KEY, country_name VARCHAR NOT NULL, region VARCHAR, currency VARCHAR);
INSERT INTO core.countries SELECT code, country, region, currency FROM places ORDER BY code;

CREATE TABLE core.addresses (
    address_id INTEGER PRIMARY KEY, street VARCHAR, city VARCHAR, postal_code VARCHAR,
    country_code VARCHAR REFERENCES core.countries (country_code));
INSERT INTO core.addresses
SELECT i, (1 + floor(u(i, 'house') * 180))::INTEGER || ' '
        || pick(i, 'street', ['Mill Lane', 'Station Road', 'Orchard Street', 'Harbour Way', 'Linden Avenue', 'Market Square']),
    pick(i, 'city', cities), lpad((floor(u(i, 'zip') * 90000) + 10000)::INTEGER::VARCHAR, 5, '0'), code
FROM (SELECT i, u(i, 'place') AS p FROM range(1, amount(5000, 60) + 1) t (i)) a
ASOF JOIN places ON p >= low ORDER BY i;

CREATE TABLE core.stores (
    store_id INTEGER PRIMARY KEY, store_name VARCHAR NOT NULL, city VARCHAR,
    country_code VARCHAR REFERENCES core.countries (country_code), opened_on DATE, floor_area_sqm INTEGER);
INSERT INTO core.stores
SELECT row_number() OVER (ORDER BY low, city), 'Kestrel & Thyme ' || city, city, code,
    between_days(city, 'opened', DATE '2012-03-01', getvariable('first_day') - 200), 120 + floor(u(city, 'area') * 480)::INTEGER
FROM (SELECT code, low, unnest(cities[1:2]) AS city FROM places WHERE code IN ('US', 'DE', 'GB', 'FR', 'NL', 'CA')) ORDER BY 1;

CREATE TABLE core.employees (
    employee_id INTEGER PRIMARY KEY, full_name VARCHAR NOT NULL, department VARCHAR, job_title VARCHAR,
    store_id INTEGER REFERENCES core.stores (store_id), manager_id INTEGER, hired_on DATE, annual_salary_usd INTEGER);
INSERT INTO core.employees
SELECT i, pick(i, 'efirst', ['Ada', 'Bruno', 'Carla', 'Daniel', 'Elif', 'Farid', 'Greta', 'Hana', 'Ivan', 'Jo', 'Kofi', 'Lena', 'Mateo', 'Nadia'])
        || ' ' || pick(i, 'elast', ['Abbott', 'Berger', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Grant', 'Hoffmann', 'Ito', 'Jansen', 'Kowalski']),
    dept, CASE WHEN i <= 6 THEN 'Head of ' || dept ELSE pick(i, 'title', ['Associate', 'Specialist', 'Senior Specialist', 'Team Lead']) END,
    CASE WHEN dept = 'Stores' THEN 1 + i % 12 END, CASE WHEN i > 6 THEN 1 + (i - 1) % 6 WHEN i > 1 THEN 1 END,
    between_days(i, 'hired', DATE '2015-01-05', getvariable('today') - 60), (34000 + u(i, 'pay') * 46000 + CASE WHEN i <= 6 THEN 60000 ELSE 0 END)::INTEGER
FROM (SELECT i, (['Stores', 'Support', 'Purchasing', 'Marketing', 'Finance', 'Product'])[1 + (i - 1) % 6] AS dept FROM range(1, 121) t (i)) ORDER BY i;

CREATE TABLE core.brands (brand_id INTEGER PRIMARY KEY, brand_name VARCHAR NOT NULL, is_own_brand BOOLEAN);
INSERT INTO core.brands
SELECT ordinal, name, ordinal <= 2 FROM unnest(['Kestrel', 'Thyme & Co', 'Alder Forge', 'Nordlys', 'Casa Verde', 'Pebble', 'Hinoki', 'Old Quay', 'Saltmarsh', 'Tern'])
WITH ORDINALITY t (name, ordinal) ORDER BY ordinal;

CREATE TABLE core.categories (category_id INTEGER PRIMARY KEY, category_name VARCHAR NOT NULL, department VARCHAR);
INSERT INTO core.categories VALUES
    (1, 'Cookware', 'Kitchen'), (2, 'Knives', 'Kitchen'), (3, 'Bakeware', 'Kitchen'), (4, 'Coffee and Tea', 'Kitchen'),
    (5, 'Tableware', 'Dining'), (6, 'Linen', 'Dining'), (7, 'Lighting', 'Home'), (8, 'Storage', 'Home'),
    (9, 'Garden', 'Outdoor'), (10, 'Pantry', 'Food');

CREATE TABLE core.suppliers (
    supplier_id INTEGER PRIMARY KEY, supplier_name VARCHAR NOT NULL, country VARCHAR, lead_time_days INTEGER, rating DECIMAL(2, 1));
INSERT INTO core.suppliers
SELECT i, pick(i, 'sname', ['Baltic', 'Iberian', 'Rhine', 'Pacific', 'Highland', 'Delta', 'Aurora']) || ' '
        || (['Metalworks', 'Ceramics', 'Textiles', 'Trading', 'Foods'])[1 + i % 5] || ' ' || i,
    CASE i % 9 WHEN 3 THEN 'germany ' WHEN 5 THEN upper(country) ELSE country END,
    5 + floor(u(i, 'lead') * 50)::INTEGER, (2.5 + 2.5 * u(i, 'srate'))::DECIMAL(2, 1)
FROM (SELECT i, u(i, 'splace') AS p FROM range(1, 37) t (i)) a ASOF JOIN places ON p >= low ORDER BY i;

CREATE TABLE core.products (
    product_id INTEGER PRIMARY KEY, product_name VARCHAR NOT NULL, sku VARCHAR, category_id INTEGER REFERENCES core.categories (category_id),
    brand_id INTEGER REFERENCES core.brands (brand_id), supplier_id INTEGER REFERENCES core.suppliers (supplier_id),
    list_price_usd DECIMAL(10, 2), unit_cost_usd DECIMAL(10, 2), launched_on DATE, discontinued BOOLEAN);
CREATE TEMP TABLE nouns AS SELECT * FROM (VALUES
    (1, ['Skillet', 'Saucepan', 'Casserole', 'Wok'], 70), (2, ['Chef Knife', 'Paring Knife', 'Bread Knife', 'Cleaver'], 85),
    (3, ['Loaf Tin', 'Cake Ring', 'Baking Sheet', 'Muffin Tray'], 24), (4, ['Kettle', 'Pour-Over Set', 'Teapot', 'Grinder'], 62),
    (5, ['Dinner Plate', 'Soup Bowl', 'Mug', 'Serving Dish'], 19), (6, ['Tablecloth', 'Napkin Set', 'Apron', 'Tea Towel'], 28),
    (7, ['Table Lamp', 'Pendant', 'Candle Holder', 'Lantern'], 110), (8, ['Bread Bin', 'Spice Rack', 'Jar Set', 'Basket'], 36),
    (9, ['Planter', 'Herb Kit', 'Watering Can', 'Fire Bowl'], 48), (10, ['Olive Oil', 'Sea Salt', 'Honey', 'Coffee Beans'], 14)
) n (category_id, words, price);
INSERT INTO core.products
SELECT i, pick(i, 'adj', ['Copper', 'Oak', 'Slate', 'Linen', 'Ember', 'Coastal', 'Heritage', 'Everyday', 'Midnight', 'Studio']) || ' '
        || pick(i, 'noun', words) || ' No. ' || i,
    'KT-' || lpad(i::VARCHAR, 4, '0'), c, 1 + floor(u(i, 'brand') * 10)::INTEGER, 1 + floor(u(i, 'supplier') * 36)::INTEGER,
    p, p * (0.42 + 0.2 * u(i, 'cost')), CASE WHEN i % 12 = 0 THEN between_days(i, 'launch', getvariable('first_day'), getvariable('today') - 30)
        ELSE between_days(i, 'launch', DATE '2019-01-01', getvariable('first_day') - 1) END, u(i, 'gone') < 0.06
FROM (SELECT i, category_id AS c, words, (price * (0.5 + 1.2 * u(i, 'price')))::DECIMAL(10, 2) AS p
      FROM range(1, 241) t (i) JOIN nouns ON category_id = 1 + i % 10) ORDER BY i;

CREATE TABLE core.campaigns (
    campaign_id INTEGER PRIMARY KEY, campaign_name VARCHAR NOT NULL, media VARCHAR, started_on DATE, ended_on DATE, spend_usd DECIMAL(12, 2));
INSERT INTO core.campaigns
SELECT i, (['Spring Table', 'Summer Garden', 'Back to Kitchen', 'Winter Lights'])[1 + (i - 1) % 4] || ' ' || year(d) || CASE WHEN i % 3 = 0 THEN ' Plus' ELSE '' END,
    pick(i, 'media', ['search', 'social', 'email', 'podcast', 'print']), d, d + 25 + floor(u(i, 'clen') * 20)::INTEGER, 2000 + u(i, 'spend') * 28000
FROM (SELECT i, (getvariable('first_day') + to_days((20 + (i - 1) * 45)::INTEGER))::DATE AS d FROM range(1, 41) t (i)) WHERE d < getvariable('today') ORDER BY i;

CREATE TABLE core.promotions (
    promotion_id INTEGER PRIMARY KEY, promo_cd VARCHAR, description VARCHAR, pct_off INTEGER, starts_on DATE, ends_on DATE);
INSERT INTO core.promotions
SELECT i, pick(i, 'pcode', ['SAVE', 'HELLO', 'TABLE', 'CLUB']) || lpad(i::VARCHAR, 2, '0'),
    pick(i, 'pdesc', ['Seasonal offer', 'Member days', 'Clearance', 'Welcome back']), pick(i, 'pct', [5, 10, 15, 20]), d, d + 13
FROM (SELECT i, (getvariable('first_day') + to_days(((i - 1) * 26 + 8)::INTEGER))::DATE AS d FROM range(1, 61) t (i)) WHERE d < getvariable('today') ORDER BY i;

CREATE TABLE core.customers (
    customer_id INTEGER PRIMARY KEY, first_name VARCHAR, last_name VARCHAR, email VARCHAR, country VARCHAR, cust_sgmt_cd VARCHAR,
    signup_date DATE NOT NULL, campaign_id INTEGER REFERENCES core.campaigns (campaign_id), is_test_account BOOLEAN, mktg_opt_in BOOLEAN);
CREATE TEMP TABLE signups AS
SELECT row_number() OVER (ORDER BY d, i) AS customer_id, d FROM (
    SELECT i, CASE WHEN u(i, 'early') < 0.3 THEN between_days(i, 'esign', DATE '2020-06-01', getvariable('first_day') - 1) ELSE d END AS d
    FROM (SELECT i, u(i, 'signup') AS s FROM range(1, amount(4000, 50) + 1) t (i)) a ASOF JOIN calendar ON s >= share);
INSERT INTO core.customers
SELECT i, first, last, CASE WHEN u(i, 'nomail') < 0.02 THEN NULL WHEN test THEN 'qa+' || i || '@kestrelthyme.test'
        ELSE lower(first || '.' || last) || i || '@' || pick(i, 'mail', ['mailbox.example', 'post.example', 'inbox.example']) END,
    CASE WHEN u(i, 'dirt') < 0.006 THEN lower(country) || ' ' WHEN u(i, 'dirt') < 0.010 THEN upper(country) WHEN u(i, 'dirt') < 0.018 THEN NULL ELSE country END,
    CASE WHEN u(i, 'sgmt') < 0.70 THEN 'CON' WHEN u(i, 'sgmt') < 0.92 THEN 'SMB' ELSE 'ENT' END, d,
    (SELECT max(campaign_id) FROM core.campaigns WHERE d BETWEEN started_on AND ended_on AND u(i, 'cmp') < 0.5), test, u(i, 'opt') < 0.61
FROM (SELECT customer_id AS i, d, u(customer_id, 'cplace') AS p, u(customer_id, 'test') < 0.008 AS test,
    pick(customer_id, 'first', ['Amelia', 'Ben', 'Chloe', 'David', 'Emma', 'Felix', 'Giulia', 'Henry', 'Ines', 'Jonas', 'Keiko', 'Liam', 'Mia', 'Noah', 'Olga', 'Piotr', 'Rosa', 'Sam', 'Tara', 'Yuki']) AS first,
    pick(customer_id, 'last', ['Adams', 'Bauer', 'Clark', 'Dupont', 'Evans', 'Ferrari', 'Garcia', 'Huber', 'Ivanov', 'Jones', 'Kim', 'Lopez', 'Meyer', 'Novak', 'Owens', 'Petit', 'Schmidt', 'Tanaka', 'Visser', 'Weber']) AS last
    FROM signups) c ASOF JOIN places ON p >= low ORDER BY i;
