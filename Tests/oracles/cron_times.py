#!/usr/bin/env python3
"""The next times of cron expressions and the offsets of POSIX time zone rules, to compare with ours.

    cron_times.py Tests/PipelinesTests/Golden    writes cron.json and rules.json; needs croniter 7.0.0

In UTC croniter says when. Where clocks are set, every minute of UTC is asked what the clocks of the zone show
(zoneinfo), and docs/pipeline-file.md's rule is applied to that list: what falls into a gap comes at its end, what comes
twice counts once, unless the hour is `*`. The rules at the end of zone files are given to the C library as TZ. The
changes of clocks lie in the past, where no law can move them any more.
"""
import datetime
import json
import os
import pathlib
import random
import sys
import time
import zoneinfo

from croniter import croniter

UTC = datetime.timezone.utc
EXPRESSIONS = [
    "* * * * *", "*/7 * * * *", "0 */6 * * *", "15,45 8-18/2 * * 1-5", "0 0 1 * *", "0 0 31 * *", "0 12 29 2 *",
    "30 4 * * 0", "30 4 * * 7", "0 0 13 * 5", "5 0 1-7 1,7 1", "59 23 31 12 *", "0 0 * 2 *", "10-20/5 3 15 */3 *",
    "0 9 * jan-mar mon-fri", "0 22 1-31/2 * sat,sun", "0 0 1,15 * 3", "23 0-20/2 * * *",
]
AFTER = ["2026-01-01T00:00:00", "2026-02-28T23:59:59", "2027-12-31T23:59:00", "2026-11-21T14:30:30", "2096-03-01T00:00:00"]
# Zone, and a moment (UTC) shortly before its clocks are set.
CHANGES = [
    ("Europe/Madrid", "2025-03-29T12:00:00"), ("Europe/Madrid", "2025-10-25T12:00:00"),
    ("America/New_York", "2025-03-08T12:00:00"), ("America/New_York", "2025-11-01T12:00:00"),
    ("Australia/Lord_Howe", "2025-04-05T06:00:00"), ("Australia/Lord_Howe", "2025-10-04T06:00:00"),
    ("America/Santiago", "2025-04-05T12:00:00"), ("America/Santiago", "2025-09-06T12:00:00"),
    ("Africa/Cairo", "2025-04-24T12:00:00"), ("Asia/Kathmandu", "2025-05-01T12:00:00"),
    ("Pacific/Apia", "2011-12-29T12:00:00"),
]
RULES = [
    "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "EET-2EEST,M4.5.5/0,M10.5.4/24", "JST-9",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1",
    "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "XXX3YYY,J60/0,J300/2:30:15", "XXX-3YYY,59,364/26", "<+0545>-5:45",
]
LOCAL = ["30 2 * * *", "0 2 * * *", "*/30 * * * *", "15 0-23 * * *", "0 */2 * * *", "30 1 * * *", "0 0 * * *", "45 23,0,1 * * *",
         "30 3 30 3 *", "10,50 1-3 * * *"]


def field(text, low, high):
    values = set()
    for part in text.split(","):
        base, _, step = part.partition("/")
        first, last = (low, high) if base == "*" else (map(int, base.split("-")) if "-" in base else (int(base),) * 2)
        values.update(range(first, last + 1, int(step or 1)))
    return values


def wanted(expression, shown):
    """Whether the fields name what a clock shows; LOCAL restricts at most one of the two days."""
    minute, hour, day, month, weekday = expression.split()
    return (shown.minute in field(minute, 0, 59) and shown.hour in field(hour, 0, 23) and shown.day in field(day, 1, 31)
            and shown.month in field(month, 1, 12) and (weekday == "*" or shown.isoweekday() % 7 in field(weekday, 0, 7)))


def by_minutes(expression, zone, after, hours=80):
    """Walks over the minutes of UTC and what the zone's clocks show at each."""
    zone = zoneinfo.ZoneInfo(zone)
    is_hourly = expression.split()[1] == "*"
    moment = after.replace(second=0) - datetime.timedelta(days=2)
    before, seen, times = None, set(), []
    while moment <= after + datetime.timedelta(hours=hours):
        shown = moment.astimezone(zone).replace(tzinfo=None)
        steps = [shown]
        if before is not None and not is_hourly:
            # The times that the clocks left out come at this moment.
            left_out = before + datetime.timedelta(minutes=1)
            while left_out < shown:
                steps.append(left_out)
                left_out += datetime.timedelta(minutes=1)
        hit = any(wanted(expression, step) and (is_hourly or step not in seen) for step in steps)
        seen.update(steps)
        if hit and moment > after:
            times.append(int(moment.timestamp()))
        before, moment = shown, moment + datetime.timedelta(minutes=1)
    return times


def rules(generator):
    for rule in RULES:
        os.environ["TZ"] = rule
        time.tzset()
        moments = [generator.randrange(1_700_000_000, 4_900_000_000) for _ in range(40)]
        # Around each change of two years, to the second.
        last = None
        for hour in range(1_830_000_000, 1_830_000_000 + 2 * 366 * 86_400, 3_600):
            offset = time.localtime(hour).tm_gmtoff
            if last not in (None, offset):
                low, high = hour - 3_600, hour
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if time.localtime(middle).tm_gmtoff == last else (low, middle)
                moments += [low, high]
            last = offset
        yield {"rule": rule, "offsets": [[moment, time.localtime(moment).tm_gmtoff] for moment in moments]}


def write(path, cases):
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    cases = []
    generator = random.Random(2026)
    for expression in EXPRESSIONS:
        for text in AFTER:
            after = datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)
            walk = croniter(expression, after)
            cases.append({"cron": expression, "zone": "UTC", "after": int(after.timestamp()),
                          "next": [int(walk.get_next(datetime.datetime).timestamp()) for _ in range(4)]})
    for zone, text in CHANGES:
        for expression in LOCAL:
            start = datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)
            after = start + datetime.timedelta(minutes=generator.randrange(0, 60))
            times = by_minutes(expression, zone, after)[:60]
            if times:
                cases.append({"cron": expression, "zone": zone, "after": int(after.timestamp()), "next": times})
    write(folder / "cron.json", cases)
    write(folder / "rules.json", rules(generator))


main()
