//! Sums at three grains, and the orders they are made of.
//!
//! A sum that has gone back to nothing keeps its row, as [`Table::ever_changing`] asks; no report shows it.

use crate::engine::read_model::Table;

/// Days in a span. A range of days is whole spans and at most a span of days at each of its ends.
pub const SPAN: i32 = 32;

/// Orders that may still be paid, cancelled or returned: what they would add or take away.
pub mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sales_orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub currency: String,
        /// JSON text: `[product id, units, price of a unit in minor units]` for each line.
        #[sea_orm(column_type = "Text")]
        pub lines: String,
        /// Days since 1970 (UTC); null until it is paid.
        pub paid_on: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// All that was paid on a day in a currency.
pub mod day {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sales_days")]
    pub struct Model {
        /// Days since 1970 (UTC).
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        /// How many products were sold: rows of the table of products that are not zero.
        pub products: i32,
        pub orders: i64,
        pub units: i64,
        /// Revenue in thousand millions of minor units, and the rest of it.
        pub revenue_high: i64,
        pub revenue_low: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was paid on a day for a product in a currency.
pub mod product {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sales_products")]
    pub struct Model {
        /// Days since 1970 (UTC).
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        pub orders: i64,
        pub units: i64,
        /// As in a day.
        pub revenue_high: i64,
        pub revenue_low: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was paid in a span of days for a product in a currency: a year of products is a dozen rows each, not 365.
pub mod span {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sales_spans")]
    pub struct Model {
        /// Its first day divided by the days of a span.
        #[sea_orm(primary_key, auto_increment = false)]
        pub span: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        pub orders: i64,
        pub units: i64,
        /// As in a day.
        pub revenue_high: i64,
        pub revenue_low: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables; their primary keys are all the indexes there is a need for.
pub fn tables() -> Vec<Table> {
    vec![
        Table::of::<order::Entity>(),
        Table::of::<day::Entity>().ever_changing(),
        Table::of::<product::Entity>().ever_changing(),
        Table::of::<span::Entity>().ever_changing(),
    ]
}
