//! The one code table: what other vocabularies call the words of ours.
//! Source of every number: the field's published tables (SCAIP device and status codes, IEEE 11073-10471 and -10101,
//! SIA DC-05 Contact ID, LOINC, SNOMED CT UK edition, UCUM); a code that was not read in one of them is `None`.

use crate::vocabulary::{AlarmKind, HealthKind, VitalKind};

/// What telecare's other vocabularies call an alarm or a technical condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telecare {
    /// SCAIP device type and status code.
    pub scaip: Option<(u8, u8)>,
    /// IEEE 11073-10471 as an MDC code of partition 130, with the bit that says so.
    pub ieee_11073: Option<(u32, u8)>,
    /// SIA Contact ID event code.
    pub contact_id: Option<u16>,
}

/// Partition 130 of IEEE 11073 (assisted living), as the MDC code's upper half.
const LIVING: u32 = 130 << 16;

const fn telecare(
    scaip: Option<(u8, u8)>,
    ieee: Option<(u32, u8)>,
    contact_id: Option<u16>,
) -> Telecare {
    Telecare {
        scaip,
        ieee_11073: match ieee {
            Some((term, bit)) => Some((LIVING + term, bit)),
            None => None,
        },
        contact_id,
    }
}

/// The codes of an alarm that was raised.
pub const fn alarm(kind: AlarmKind) -> Telecare {
    match kind {
        AlarmKind::Help => telecare(Some((3, 10)), Some((2, 0)), Some(101)),
        AlarmKind::Fall => telecare(Some((5, 9)), Some((1, 0)), Some(120)),
        AlarmKind::Smoke => telecare(Some((23, 9)), Some((3, 0)), Some(111)),
        AlarmKind::Heat => telecare(Some((25, 9)), None, Some(114)),
        AlarmKind::Co => telecare(Some((26, 9)), Some((4, 0)), Some(162)),
        AlarmKind::Gas => telecare(Some((21, 9)), Some((6, 0)), Some(151)),
        AlarmKind::Flood => telecare(Some((33, 9)), Some((5, 0)), Some(154)),
        AlarmKind::Cold => telecare(Some((20, 101)), Some((14, 1)), Some(159)),
        AlarmKind::Hot => telecare(Some((20, 100)), Some((14, 0)), Some(158)),
        AlarmKind::Inactivity => telecare(Some((10, 9)), Some((11, 4)), Some(641)),
        AlarmKind::BedAbsence => telecare(Some((12, 3)), Some((11, 4)), None),
        AlarmKind::ChairAbsence => telecare(Some((44, 3)), Some((11, 4)), None),
        AlarmKind::PropertyExit => telecare(Some((14, 76)), Some((8, 0)), None),
        AlarmKind::DoorLeftOpen => telecare(Some((14, 77)), Some((8, 1)), None),
        AlarmKind::MedicationMissed => telecare(Some((11, 81)), Some((13, 1)), None),
        AlarmKind::Enuresis => telecare(Some((16, 9)), Some((9, 0)), None),
        AlarmKind::Seizure => telecare(Some((17, 9)), None, None),
        AlarmKind::Intruder | AlarmKind::Panic | AlarmKind::Vital | AlarmKind::Unknown => {
            telecare(None, None, None)
        }
    }
}

/// The codes of a technical condition that was raised.
pub const fn health(kind: HealthKind) -> Telecare {
    match kind {
        HealthKind::BatteryLow => telecare(None, None, Some(384)),
        HealthKind::Mains => telecare(Some((2, 85)), None, Some(301)),
        HealthKind::Missing => telecare(None, None, Some(147)),
        HealthKind::Path => telecare(Some((32, 26)), None, Some(355)),
        HealthKind::Jamming => telecare(Some((50, 122)), None, Some(344)),
        HealthKind::Tamper => telecare(Some((38, 125)), Some((7, 2)), Some(137)),
        HealthKind::TestCall => telecare(Some((2, 102)), None, Some(602)),
        HealthKind::Battery
        | HealthKind::Fault
        | HealthKind::Clock
        | HealthKind::Journal
        | HealthKind::Gap
        | HealthKind::Untaught => telecare(None, None, None),
    }
}

/// What health records call a vital sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clinical {
    /// IEEE 11073-10101, `urn:iso:std:iso:11073:10101`, decimal.
    pub mdc: Option<u32>,
    /// LOINC.
    pub loinc: Option<&'static str>,
    /// SNOMED CT.
    pub snomed: Option<&'static str>,
}

const fn clinical(mdc: u32, loinc: Option<&'static str>, snomed: Option<&'static str>) -> Clinical {
    Clinical {
        mdc: if mdc == 0 { None } else { Some(mdc) },
        loinc,
        snomed,
    }
}

/// The codes of a vital sign.
pub const fn vital(kind: VitalKind) -> Clinical {
    match kind {
        VitalKind::Spo2 => clinical(150_456, Some("2708-6"), Some("431314004")),
        VitalKind::Pulse => clinical(149_530, Some("8867-4"), Some("78564009")),
        VitalKind::Systolic => clinical(150_021, Some("8480-6"), Some("72313002")),
        VitalKind::Diastolic => clinical(150_022, Some("8462-4"), Some("1091811000000102")),
        VitalKind::MeanBp => clinical(150_023, Some("8478-0"), None),
        VitalKind::TemperatureBody => clinical(150_364, Some("8310-5"), Some("276885007")),
        VitalKind::Respiration => clinical(151_562, Some("9279-1"), Some("86290005")),
        VitalKind::Glucose => clinical(160_184, Some("14743-9"), Some("997671000000106")),
        VitalKind::Weight => clinical(188_736, Some("29463-7"), Some("27113001")),
        VitalKind::PeakFlow => clinical(152_584, Some("33452-4"), None),
        VitalKind::Consciousness => clinical(0, None, Some("1104441000000107")),
        VitalKind::Oxygen => clinical(0, None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_is_120_in_contact_id_and_8519681_in_ieee_11073() {
        let fall = alarm(AlarmKind::Fall);
        assert_eq!(fall.contact_id, Some(120));
        assert_eq!(fall.ieee_11073, Some((8_519_681, 0)));
        assert_eq!(fall.scaip, Some((5, 9)));
    }

    #[test]
    fn every_vital_sign_with_a_unit_has_an_mdc_code() {
        for kind in VitalKind::ALL {
            assert_eq!(vital(*kind).mdc.is_some(), kind.unit().is_some(), "{kind}");
        }
    }
}
