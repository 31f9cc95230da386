"""The commit of a draft by SQLAlchemy's ORM on psycopg 3: it loads the draft, adds the version with
its tree, and deletes the draft.

Argument: the URL of a database. Each line of the standard input is a draft and its revision; the
answer is how many nanoseconds its commit took.
"""

import sys
import time
from datetime import datetime, time as time_of_day
from decimal import Decimal
from typing import Optional
from uuid import UUID

import psycopg
import sqlalchemy
from sqlalchemy import ForeignKey, ForeignKeyConstraint, create_engine, func, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    pass


class ActivePlan(Base):
    __tablename__ = "active_plans"

    plan_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    plan_version_id: Mapped[Optional[int]]
    activated_at: Mapped[Optional[datetime]] = mapped_column(sqlalchemy.DateTime(timezone=True))
    archived_at: Mapped[Optional[datetime]] = mapped_column(sqlalchemy.DateTime(timezone=True))


class Activation(Base):
    __tablename__ = "plan_activations"

    activation_id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int]
    plan_version_id: Mapped[int]
    version_number: Mapped[int]
    activated_at: Mapped[datetime] = mapped_column(sqlalchemy.DateTime(timezone=True))
    activated_by: Mapped[UUID]
    cause: Mapped[str]
    reason: Mapped[str]


# The database deletes what is below a draft; the session need not load or delete it.
BELOW = {"cascade": "all, delete-orphan", "passive_deletes": True}


class DraftLine(Base):
    __tablename__ = "draft_ingredients"
    __table_args__ = (
        ForeignKeyConstraint(
            ["draft_id", "section_id"],
            ["draft_meal_sections.draft_id", "draft_meal_sections.section_id"],
        ),
    )

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    section_id: Mapped[UUID]
    ingredient_id: Mapped[int]
    quantity_g: Mapped[Decimal]
    position: Mapped[int]


class DraftSection(Base):
    __tablename__ = "draft_meal_sections"
    __table_args__ = (
        ForeignKeyConstraint(
            ["draft_id", "meal_id"], ["draft_meals.draft_id", "draft_meals.meal_id"]
        ),
    )

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[UUID] = mapped_column(primary_key=True)
    meal_id: Mapped[UUID]
    name: Mapped[Optional[str]]
    position: Mapped[int]
    lines: Mapped[list[DraftLine]] = relationship(**BELOW)


class DraftMeal(Base):
    __tablename__ = "draft_meals"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft_plans.draft_id"), primary_key=True)
    meal_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[int]
    name: Mapped[str]
    meal_time: Mapped[time_of_day]
    position: Mapped[int]
    sections: Mapped[list[DraftSection]] = relationship(**BELOW)


class Draft(Base):
    __tablename__ = "draft_plans"

    draft_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    plan_id: Mapped[int]
    name: Mapped[str]
    base_version_id: Mapped[Optional[int]]
    seen_version_number: Mapped[int]
    revision: Mapped[int]
    meals: Mapped[list[DraftMeal]] = relationship(**BELOW)


class VersionLine(Base):
    __tablename__ = "ingredient_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_version_id", "section_id"],
            ["meal_section_versions.plan_version_id", "meal_section_versions.section_id"],
        ),
    )

    plan_version_id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    section_id: Mapped[UUID]
    ingredient_id: Mapped[int]
    quantity_g: Mapped[Decimal]
    position: Mapped[int]


class VersionSection(Base):
    __tablename__ = "meal_section_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_version_id", "meal_id"],
            ["meals_in_plan_versions.plan_version_id", "meals_in_plan_versions.meal_id"],
        ),
    )

    plan_version_id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[UUID] = mapped_column(primary_key=True)
    meal_id: Mapped[UUID]
    name: Mapped[Optional[str]]
    position: Mapped[int]
    lines: Mapped[list[VersionLine]] = relationship()


class VersionMeal(Base):
    __tablename__ = "meals_in_plan_versions"

    plan_version_id: Mapped[int] = mapped_column(
        ForeignKey("plan_versions.plan_version_id"), primary_key=True
    )
    meal_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[int]
    name: Mapped[str]
    meal_time: Mapped[time_of_day]
    position: Mapped[int]
    sections: Mapped[list[VersionSection]] = relationship()


class Version(Base):
    __tablename__ = "plan_versions"

    plan_version_id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int]
    version_number: Mapped[int]
    name: Mapped[str]
    base_version_id: Mapped[Optional[int]]
    base_version_number: Mapped[Optional[int]]
    author_id: Mapped[UUID]
    message: Mapped[str]
    content_digest: Mapped[bytes]
    meals: Mapped[list[VersionMeal]] = relationship()


def copied(draft):
    return [
        VersionMeal(
            meal_id=meal.meal_id,
            day=meal.day,
            name=meal.name,
            meal_time=meal.meal_time,
            position=meal.position,
            sections=[
                VersionSection(
                    section_id=section.section_id,
                    name=section.name,
                    position=section.position,
                    lines=[
                        VersionLine(
                            line_id=line.line_id,
                            ingredient_id=line.ingredient_id,
                            quantity_g=line.quantity_g,
                            position=line.position,
                        )
                        for line in section.lines
                    ],
                )
                for section in meal.sections
            ],
        )
        for meal in draft.meals
    ]


def unique_of_day(meals):
    times = {(meal.day, meal.meal_time) for meal in meals}
    names = {(meal.day, meal.name) for meal in meals}
    return len(times) == len(names) == len(meals)


def commit(engine, draft_id, revision):
    with Session(engine) as session, session.begin():
        plan = session.scalar(
            select(ActivePlan)
            .join(Draft, Draft.plan_id == ActivePlan.plan_id)
            .where(Draft.draft_id == draft_id)
            .with_for_update()
        )
        draft = session.scalar(
            select(Draft)
            .where(Draft.draft_id == draft_id)
            .options(
                selectinload(Draft.meals)
                .selectinload(DraftMeal.sections)
                .selectinload(DraftSection.lines)
            )
        )
        active = session.get(Version, plan.plan_version_id)
        latest = session.scalar(
            select(func.max(Version.version_number)).where(Version.plan_id == plan.plan_id)
        )
        digest = session.scalar(select(func.draft_digest(draft_id)))
        assert draft.revision == revision and plan.archived_at is None
        assert draft.seen_version_number == latest and digest != active.content_digest
        assert draft.meals and unique_of_day(draft.meals)
        version = Version(
            plan_id=plan.plan_id,
            version_number=latest + 1,
            name=draft.name,
            base_version_id=active.plan_version_id,
            base_version_number=active.version_number,
            author_id=draft.user_id,
            message="A trial",
            content_digest=digest,
            meals=copied(draft),
        )
        session.add(version)
        session.flush()
        plan.plan_version_id = version.plan_version_id
        plan.activated_at = session.scalar(select(func.clock_timestamp()))
        session.add(
            Activation(
                plan_id=plan.plan_id,
                plan_version_id=version.plan_version_id,
                version_number=version.version_number,
                activated_at=plan.activated_at,
                activated_by=version.author_id,
                cause="commit",
                reason=version.message,
            )
        )
        session.delete(draft)


def main():
    (url,) = sys.argv[1:]
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    print(f"SQLAlchemy {sqlalchemy.__version__}, psycopg {psycopg.__version__}", flush=True)
    for line in sys.stdin:
        draft_id, revision = map(int, line.split())
        start = time.perf_counter_ns()
        commit(engine, draft_id, revision)
        print(time.perf_counter_ns() - start, flush=True)


main()
