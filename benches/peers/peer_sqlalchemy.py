"""SQLAlchemy 2 on psycopg 3: `orm` with a relationship, or `core` with statements.

Arguments: orm or core, the URL of a database, the key of a scenario. See src/lib.rs.
"""

import sys
import time
from decimal import Decimal
from typing import Optional

import psycopg
import sqlalchemy
from sqlalchemy import ForeignKey, create_engine, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Plan(Base):
    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    property_id: Mapped[int]
    scenario_id: Mapped[int]
    cost_of_works: Mapped[Decimal]
    contingency_cost: Mapped[Decimal]
    measures: Mapped[list["Recommendation"]] = relationship(
        order_by="Recommendation.position", cascade="all, delete-orphan"
    )


class Recommendation(Base):
    __tablename__ = "recommendation"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[Optional[int]] = mapped_column(ForeignKey("plan.id"))
    property_id: Mapped[int]
    position: Mapped[Optional[int]]
    measure_type: Mapped[str]
    description: Mapped[str]
    estimated_cost: Mapped[Optional[Decimal]]
    sap_points: Mapped[Optional[Decimal]]
    co2_savings_tonnes: Mapped[Optional[Decimal]]


TYPES = ["loft_insulation", "cavity_wall_insulation", "air_source_heat_pump", "solar_pv"]


def figures(count, seed):
    return {
        "cost_of_works": Decimal(500_000 + seed) / 100,
        "contingency_cost": Decimal(1_250 * count) / 100,
    }


def measures(property_id, count, seed):
    return [
        {
            "property_id": property_id,
            "position": nth,
            "measure_type": TYPES[nth % len(TYPES)],
            "description": f"measure {nth}",
            "estimated_cost": Decimal(125_050 + 100 * nth + seed) / 100,
            "sap_points": Decimal("4.5"),
            "co2_savings_tonnes": Decimal(120 + nth) / 1000,
        }
        for nth in range(count)
    ]


def by_orm(engine, key, figures, rows):
    with Session(engine) as session, session.begin():
        plan = session.scalar(select(Plan).filter_by(**key))
        if plan is None:
            plan = Plan(**key)
            session.add(plan)
        for name, value in figures.items():
            setattr(plan, name, value)
        plan.measures.clear()
        # A session inserts before it deletes, and a place in a plan is unique.
        session.flush()
        plan.measures.extend(Recommendation(**row) for row in rows)


def by_core(engine, key, figures, rows):
    with engine.begin() as connection:
        plan_id = connection.scalar(
            upsert(Plan)
            .values(**key, **figures)
            .on_conflict_do_update(index_elements=list(key), set_=figures)
            .returning(Plan.id)
        )
        connection.execute(delete(Recommendation).where(Recommendation.plan_id == plan_id))
        connection.execute(insert(Recommendation), [{**row, "plan_id": plan_id} for row in rows])


def main():
    way, url, scenario_id = sys.argv[1:]
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    replace = {"orm": by_orm, "core": by_core}[way]
    print(f"SQLAlchemy {sqlalchemy.__version__}, psycopg {psycopg.__version__}", flush=True)
    for line in sys.stdin:
        property_id, count, seed = map(int, line.split())
        key = {"property_id": property_id, "scenario_id": int(scenario_id)}
        plan, rows = figures(count, seed), measures(property_id, count, seed)
        start = time.perf_counter_ns()
        replace(engine, key, plan, rows)
        print(time.perf_counter_ns() - start, flush=True)


main()
