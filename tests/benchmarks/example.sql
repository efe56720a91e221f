-- Clients with an event at which the example rule holds; peers.py fills in the data and lengths.
with happened as (
    select client_id, start as t, outcome in ('no_show', 'late_cancel') as missed,
           false as outreach, outcome = 'attended' as heard
    from '$data/appointments/*.parquet'
    union all
    select client_id, coalesce(cancelled_at, start), false, false, true
    from '$data/appointments/*.parquet'
    where outcome in ('late_cancel', 'early_cancel', 'rescheduled')
    union all
    select client_id, "at", false,
           direction = 'outbound' and purpose = 'outreach' and delivered,
           direction = 'inbound'
    from '$data/contacts/*.parquet'
    union all
    select client_id, "at", false, false, true from '$data/measures/*.parquet'
),
seen as (
    select client_id, epoch_us(t) as t, epoch_us(started_at) as began,
           missed::int as missed, outreach::int as outreach, heard
    from happened join '$data/episodes/*.parquet' using (client_id)
    where t >= started_at and t < least(ended_at, timestamptz '$as_of')
),
counted as (
    select client_id, t, began,
           sum(missed) over (w range between $days90 - 1 preceding and current row) as missed,
           sum(outreach) over (w range between $days60 - 1 preceding and current row) as outreach,
           max(case when heard then t end)
               over (w range between unbounded preceding and current row) as heard
    from seen window w as (partition by client_id order by t)
)
select distinct client_id
from counted
where missed >= 3 and outreach >= 2 and t - coalesce(heard, began) >= $days30
