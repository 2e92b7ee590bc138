CREATE TABLE support.tickets (
    ticket_id INTEGER PRIMARY KEY, customer_id INTEGER, order_id INTEGER, assigned_to INTEGER, opened_at TIMESTAMP, closed_at TIMESTAMP,
    priority VARCHAR, topic VARCHAR, ticket_status VARCHAR, csat_score INTEGER);
INSERT INTO support.tickets
SELECT i, customer_id, CASE WHEN u(i, 'linked') < 0.7 THEN order_id END, 2 + 6 * floor(u(i, 'agent') * 20)::INTEGER, opened,
    CASE WHEN NOT still THEN opened + to_hours(hours) END, priority,
    pick(i, 'topic', ['delivery', 'delivery', 'returns', 'billing', 'product question', 'account']), CASE WHEN still THEN 'open' ELSE 'closed' END,
    CASE WHEN NOT still AND u(i, 'rated') < 0.55 THEN greatest(1, 1 + floor(5 * pow(u(i, 'csat'), 0.5) - CASE WHEN hours > 60 THEN 1 ELSE 0 END))::INTEGER END
FROM (SELECT *, hours * 3600 > epoch((getvariable('today') + INTERVAL 18 HOUR) - opened) AS still FROM (
    SELECT row_number() OVER (ORDER BY order_date, order_id) AS i, *, (order_date + to_hours((7 + floor(u(order_id, 'hour') * 12))::INTEGER)) + to_minutes(floor(u(order_id, 'minute') * 60)::INTEGER) AS opened,
        (1 + 90 * pow(u(order_id, 'effort'), 2))::INTEGER AS hours,
        CASE WHEN u(order_id, 'prio') < 0.08 THEN 'urgent' WHEN u(order_id, 'prio') < 0.28 THEN 'high' WHEN u(order_id, 'prio') < 0.75 THEN 'normal' ELSE 'low' END AS priority
    FROM core.orders WHERE customer_id IS NOT NULL AND u(order_id, 'ticket') < 0.12 + CASE WHEN status = 'returned' THEN 0.3 ELSE 0 END)) ORDER BY i;

CREATE TABLE support.ticket_messages (message_id INTEGER, ticket_id INTEGER, sent_at TIMESTAMP, author_type VARCHAR, body VARCHAR);
INSERT INTO support.ticket_messages
SELECT row_number() OVER (ORDER BY ticket_id, n), ticket_id, opened_at + to_minutes((n * 47)::INTEGER), CASE WHEN n % 2 = 1 THEN 'customer' ELSE 'agent' END,
    CASE WHEN n % 2 = 1 THEN pick(ticket_id * 10 + n, 'ask', ['Where is my parcel?', 'The item arrived damaged.', 'Please cancel my plan.', 'I was charged twice.'])
         ELSE pick(ticket_id * 10 + n, 'reply', ['We are looking into it.', 'A replacement is on its way.', 'The refund has been issued.']) END
FROM (SELECT ticket_id, opened_at, unnest(range(1, 2 + floor(u(ticket_id, 'msgs') * 4)::INTEGER)) AS n FROM support.tickets) ORDER BY 1;
