-- Pseudo-random numbers from md5, which is the same in every DuckDB version, unlike hash() and random().
CREATE TEMP MACRO u(k, salt) AS (md5_number_lower(concat_ws('|', getvariable('seed'), salt, k)) % 1000003) / 1000003.0;
CREATE TEMP MACRO pick(k, salt, choices) AS choices[1 + floor(u(k, salt) * len(choices))::INTEGER];
CREATE TEMP MACRO between_days(k, salt, first, last) AS first + floor(u(k, salt) * (greatest(last - first, 0) + 1))::INTEGER;
CREATE TEMP MACRO amount(n, least) AS greatest(least, round(n * getvariable('scale')))::INTEGER;

SET VARIABLE first_day = make_date(year(getvariable('today')) - 2, 1, 1);

-- One row per day with the share of trade up to it: growth, the season of the month and the day of the week.
CREATE TEMP TABLE calendar AS
WITH days AS (
    SELECT unnest(generate_series(getvariable('first_day'), getvariable('today'), INTERVAL 1 DAY))::DATE AS d
), weighted AS (
    SELECT d, (1 + 0.9 * (d - getvariable('first_day')) / 1000.0)
        * ([0.82, 0.80, 0.92, 0.95, 1.00, 0.98, 0.93, 0.90, 1.00, 1.10, 1.38, 1.62])[month(d)]
        * ([0.95, 0.90, 0.92, 0.98, 1.12, 1.22, 1.05])[isodow(d)]
        * (0.85 + 0.3 * u(d, 'day')) AS w
    FROM days
), running AS (
    SELECT d, w, sum(w) OVER (ORDER BY d) AS upto, sum(w) OVER () AS total FROM weighted
)
SELECT d, (upto - w) / total AS share FROM running ORDER BY d;

CREATE TEMP TABLE places (code VARCHAR, country VARCHAR, region VARCHAR, currency VARCHAR, low DOUBLE, cities VARCHAR[]);
INSERT INTO places VALUES
    ('US', 'United States', 'North America', 'USD', 0.00, ['Portland', 'Austin', 'Chicago', 'Denver', 'Boston']),
    ('DE', 'Germany', 'Europe', 'EUR', 0.34, ['Berlin', 'Hamburg', 'Leipzig', 'Munich']),
    ('GB', 'United Kingdom', 'Europe', 'GBP', 0.52, ['London', 'Leeds', 'Bristol']),
    ('FR', 'France', 'Europe', 'EUR', 0.66, ['Lyon', 'Paris', 'Nantes']),
    ('NL', 'Netherlands', 'Europe', 'EUR', 0.76, ['Utrecht', 'Amsterdam']),
    ('CA', 'Canada', 'North America', 'CAD', 0.82, ['Toronto', 'Montreal', 'Calgary']),
    ('ES', 'Spain', 'Europe', 'EUR', 0.88, ['Madrid', 'Valencia']),
    ('PL', 'Poland', 'Europe', 'PLN', 0.93, ['Gdansk', 'Krakow']),
    ('JP', 'Japan', 'Asia Pacific', 'JPY', 0.97, ['Osaka', 'Kyoto', 'Sapporo']);
