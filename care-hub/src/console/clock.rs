//! Times as a British responder reads them, and ages against the two limits of the call queue.
//! Reads no clock: every time is an argument. Knows the United Kingdom's civil time alone.

/// A call should be answered within this, seconds (alarm receiving centres: 97.5 % of calls).
pub(crate) const ANSWER_WITHIN_S: i64 = 60;

/// No call should wait longer than this, seconds (alarm receiving centres: 99 % of calls).
pub(crate) const ANSWER_AT_LATEST_S: i64 = 180;

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;

/// A moment on the wall clock of the United Kingdom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UkTime {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    summer: bool,
}

impl UkTime {
    /// The wall clock at `ms` since 1970, with summer time from the last Sunday of March to the last Sunday of
    /// October, 01:00 UTC each (Summer Time Act 1972 as amended by the Summer Time Order 2002).
    pub(crate) fn of(ms: i64) -> Self {
        let utc_s = ms.div_euclid(1000);
        let (year, _, _) = date_of(utc_s.div_euclid(DAY_S));
        let begins = last_sunday(year, 3) * DAY_S + HOUR_S;
        let ends = last_sunday(year, 10) * DAY_S + HOUR_S;
        let summer = (begins..ends).contains(&utc_s);
        let local = if summer { utc_s + HOUR_S } else { utc_s };
        let (year, month, day) = date_of(local.div_euclid(DAY_S));
        Self {
            year,
            month,
            day,
            second_of_day: local.rem_euclid(DAY_S),
            summer,
        }
    }

    /// "02:13".
    pub(crate) fn hour_minute(self) -> String {
        let s = self.second_of_day;
        format!("{:02}:{:02}", s / HOUR_S, s % HOUR_S / 60)
    }

    /// "02:13" on the day of `now`, else "21 November, 02:13", with the year where it is another.
    pub(crate) fn near(self, now: Self) -> String {
        if (self.year, self.month, self.day) == (now.year, now.month, now.day) {
            return self.hour_minute();
        }
        let month = month_name(self.month);
        if self.year == now.year {
            format!("{} {month}, {}", self.day, self.hour_minute())
        } else {
            format!("{} {month} {}, {}", self.day, self.year, self.hour_minute())
        }
    }

    /// "21 November 2026, 02:13:07 GMT", as a timeline needs it.
    pub(crate) fn in_full(self) -> String {
        format!(
            "{} {} {}, {}:{:02} {}",
            self.day,
            month_name(self.month),
            self.year,
            self.hour_minute(),
            self.second_of_day % 60,
            if self.summer { "BST" } else { "GMT" }
        )
    }
}

/// "2026-11-21T02:13:07Z", for `datetime` attributes and the JSON.
pub(crate) fn iso(ms: i64) -> String {
    let s = ms.div_euclid(1000);
    let (year, month, day) = date_of(s.div_euclid(DAY_S));
    let s = s.rem_euclid(DAY_S);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        s / HOUR_S,
        s % HOUR_S / 60,
        s % 60
    )
}

/// "42 s", "2 min 05 s", "3 h 10 min", "4 days"; a time that lies ahead is 0 s old.
pub(crate) fn age(ms: i64) -> String {
    let s = (ms / 1000).max(0);
    if s < 60 {
        format!("{s} s")
    } else if s < HOUR_S {
        format!("{} min {:02} s", s / 60, s % 60)
    } else if s < 2 * DAY_S {
        format!("{} h {:02} min", s / HOUR_S, s % HOUR_S / 60)
    } else {
        format!("{} days", s / DAY_S)
    }
}

/// How a waiting time stands against the two limits of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiting {
    /// Within the first limit.
    InTime,
    /// Over [`ANSWER_WITHIN_S`].
    Over60,
    /// Over [`ANSWER_AT_LATEST_S`].
    Over180,
}

impl Waiting {
    /// Where a wait of `ms` stands.
    pub(crate) const fn of(ms: i64) -> Self {
        if ms > ANSWER_AT_LATEST_S * 1000 {
            Self::Over180
        } else if ms > ANSWER_WITHIN_S * 1000 {
            Self::Over60
        } else {
            Self::InTime
        }
    }

    /// The words and the style class that say so.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InTime => ("within 60 s", "in-time"),
            Self::Over60 => ("over 60 s", "over-60"),
            Self::Over180 => ("over 180 s", "over-180"),
        }
    }
}

fn month_name(month: i64) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month - 1)
        .ok()
        .and_then(|i| NAMES.get(i))
        .copied()
        .unwrap_or("?")
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
const fn date_of(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// The day since 1970 of a date; the inverse of [`date_of`].
const fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The last Sunday of a month of 31 days; 1 January 1970 was a Thursday.
const fn last_sunday(year: i64, month: i64) -> i64 {
    let last = day_of(year, month, 31);
    last - (last + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T02:13:07Z.
    const NIGHT: i64 = 1_795_313_587_000;

    #[test]
    fn winter_is_greenwich_and_summer_is_an_hour_ahead() {
        assert_eq!(
            UkTime::of(NIGHT).in_full(),
            "22 November 2026, 02:13:07 GMT"
        );
        // 2026-07-01T23:30:00Z is half past midnight of the second in London.
        let summer = UkTime::of(1_782_948_600_000);
        assert_eq!(summer.in_full(), "2 July 2026, 00:30:00 BST");
    }

    #[test]
    fn the_clocks_change_on_the_last_sundays_at_one() {
        // 2026: 29 March and 25 October (gov.uk, "When do the clocks change?").
        let spring = day_of(2026, 3, 29) * DAY_S + HOUR_S;
        assert_eq!(UkTime::of((spring - 1) * 1000).hour_minute(), "00:59");
        assert_eq!(UkTime::of(spring * 1000).hour_minute(), "02:00");
        let autumn = day_of(2026, 10, 25) * DAY_S + HOUR_S;
        assert_eq!(UkTime::of((autumn - 1) * 1000).hour_minute(), "01:59");
        assert_eq!(UkTime::of(autumn * 1000).hour_minute(), "01:00");
    }

    #[test]
    fn every_day_of_four_centuries_has_one_date() {
        for day in day_of(1800, 1, 1)..day_of(2200, 1, 1) {
            let (y, m, d) = date_of(day);
            assert_eq!(day_of(y, m, d), day);
        }
    }

    #[test]
    fn a_day_is_named_only_when_it_is_another() {
        let now = UkTime::of(NIGHT);
        assert_eq!(UkTime::of(NIGHT - 60_000).near(now), "02:12");
        assert_eq!(
            UkTime::of(NIGHT - 3 * HOUR_S * 1000).near(now),
            "21 November, 23:13"
        );
        assert_eq!(UkTime::of(0).near(now), "1 January 1970, 00:00");
    }

    #[test]
    fn an_age_is_read_at_a_glance_and_never_negative() {
        assert_eq!(age(42_999), "42 s");
        assert_eq!(age(125_000), "2 min 05 s");
        assert_eq!(age(11_400_000), "3 h 10 min");
        assert_eq!(age(-5_000), "0 s");
        assert_eq!(age(400_000_000), "4 days");
    }

    #[test]
    fn the_limits_are_passed_only_when_they_are_over() {
        assert_eq!(Waiting::of(60_000), Waiting::InTime);
        assert_eq!(Waiting::of(60_001), Waiting::Over60);
        assert_eq!(Waiting::of(180_000), Waiting::Over60);
        assert_eq!(Waiting::of(180_001), Waiting::Over180);
    }
}
