//! How an enum of the database becomes one of Rust.

/// Declares enums, each named as its type in the `sql_types` that are in scope.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $label:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = sql_types::$name)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $label)] $variant,)*
        }

        impl $name {
            /// Every one, in the database's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the database calls it.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.label())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            /// # Errors
            ///
            /// [`Error::Invalid`](crate::Error::Invalid) for any other text.
            fn from_str(text: &str) -> crate::Result<Self> {
                Self::ALL.iter().copied().find(|one| one.label() == text).ok_or_else(|| {
                    let entity = concat!("feature_planner::", stringify!($name));
                    crate::Error::invalid(entity, "label", format!("there is no {text:?}"))
                })
            }
        }

        impl diesel::deserialize::FromSql<sql_types::$name, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }

        impl diesel::serialize::ToSql<sql_types::$name, diesel::pg::Pg> for $name {
            fn to_sql(
                &self,
                out: &mut diesel::serialize::Output<'_, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.label().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }
    )*};
}
pub(super) use labels;
