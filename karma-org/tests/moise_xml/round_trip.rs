//! Writing loses nothing.

use karma_org::spec::{NormativeSpecification, OrganizationalSpecification, Property};
use karma_org::xml;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use crate::support::arbitrary;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_as_the_same(specification in arbitrary::specification()) {
        let written = xml::write(&specification).unwrap();
        prop_assert_eq!(xml::read(&written).unwrap().specification, specification);
    }

    #[test]
    fn any_text_survives_as_a_property_and_as_norms(text in arbitrary::text()) {
        let property = Property { id: "p".into(), value: text.clone(), ..Property::default() };
        let normative = NormativeSpecification { npl: Some(text), ..NormativeSpecification::default() };
        let specification =
            OrganizationalSpecification { properties: vec![property], normative, ..OrganizationalSpecification::default() };
        let written = xml::write(&specification).unwrap();
        prop_assert_eq!(xml::read(&written).unwrap().specification, specification);
    }

    #[test]
    fn control_characters_are_refused_by_name(text in "[a-z]{0,3}[\u{1}-\u{8}\u{E}-\u{1F}\u{FFFE}]") {
        let specification = OrganizationalSpecification { id: Some(text), ..OrganizationalSpecification::default() };
        let findings = xml::write(&specification).unwrap_err();
        prop_assert!(findings.to_string().contains("error[unwritable-character]"), "{}", findings);
    }
}
