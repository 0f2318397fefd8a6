"""A scenario's document turned into records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from aidline.errors import ScenarioError
from aidline.geodesy import Place
from aidline.sim import records as r
from aidline.sim.rules import check_rules

__all__ = ["Builder"]


class Builder:
    """Turns a document that fits the schema into records.

    Args:
        document: The document.
        path: Its file, for what is wrong with it.
    """

    def __init__(self, document: Mapping[str, Any], path: Path) -> None:
        self._doc = document
        self._path = path

    def scenario(self) -> r.Scenario:
        """Returns the scenario, not copied yet.

        Raises:
            ScenarioError: A date is none, or a rule is unknown or lacks a parameter.
        """
        doc = self._doc
        rules = {
            what: r.RuleCall(call["rule"], {k: v for k, v in call.items() if k != "rule"})
            for what, call in doc["rules"].items()
        }
        self._within("rules", lambda: check_rules(rules))
        return r.Scenario(
            name=doc["name"],
            path=str(self._path),
            title=doc["title"],
            summary=doc["summary"].strip(),
            sources=tuple(r.Source(**source) for source in doc["sources"]),
            seed=doc["seed"],
            copies=1,
            clock=r.Clock(
                self._day("clock.first_day", doc["clock"]["first_day"]),
                self._day("clock.last_day", doc["clock"]["last_day"]),
            ),
            regions=tuple(doc["regions"]),
            currency=r.Currency(**doc["currency"]),
            materials=tuple(self._material(item) for item in doc["materials"]),
            participants=self._participants(doc["participants"]),
            devices=r.Devices(
                **{k: v for k, v in doc["devices"].items() if k != "telemetry"},
                telemetry=r.TelemetryModel(**doc["devices"]["telemetry"]),
            ),
            network=self._network(doc["network"]),
            terms={
                name: r.Terms(**{**terms, "policy": r.Policy(terms["policy"])})
                for name, terms in doc["terms"].items()
            },
            indicator=self._indicator(doc["indicator"]),
            plan=self._plan(doc["plan"]),
            supplies=tuple(
                r.Supply(**{**item, "day": self._day(f"supplies[{i}].day", item["day"])})
                for i, item in enumerate(doc["supplies"])
            ),
            orders=tuple(
                r.PersonalOrder(**{**item, "day": self._day(f"orders[{i}].day", item["day"])})
                for i, item in enumerate(doc.get("orders", ()))
            ),
            gifts=tuple(self._gift(i, item) for i, item in enumerate(doc["gifts"])),
            money=tuple(
                r.GiftOfMoney(
                    **{
                        **item,
                        "day": self._day(f"money[{i}].day", item["day"]),
                        "earmark": self._earmark(item["earmark"]),
                    }
                )
                for i, item in enumerate(doc["money"])
            ),
            demands=tuple(self._demand(i, item) for i, item in enumerate(doc["demands"])),
            conditions=self._conditions(doc["conditions"]),
            rules=rules,
        )

    def _within(self, place: str, act: Any) -> None:
        try:
            act()
        except ScenarioError as error:
            raise ScenarioError(f"{place}.{error.message}", path=self._path.name) from None

    def _day(self, place: str, text: str) -> r.Day:
        try:
            return r.day_of(date.fromisoformat(text))
        except ValueError:
            raise ScenarioError(f"{place}: '{text}' is no date", path=self._path.name) from None

    @staticmethod
    def _band(pair: Sequence[int]) -> r.Band:
        return r.Band(pair[0], pair[1])

    @staticmethod
    def _earmark(item: Mapping[str, Any]) -> r.Earmark:
        return r.Earmark(r.EarmarkKind(item["kind"]), item.get("scope", ""))

    def _material(self, item: Mapping[str, Any]) -> r.Material:
        return r.Material(
            **{
                **item,
                "aliases": tuple(item.get("aliases", ())),
                "temperature": self._band(item["temperature"]),
                "humidity": self._band(item["humidity"]),
            }
        )

    @staticmethod
    def _organisation(item: Mapping[str, Any]) -> r.Organisation:
        return r.Organisation(
            id=item["id"],
            organisation=item.get("organisation", item["id"]),
            name_zh=item["name_zh"],
            name_en=item["name_en"],
            region=item["region"],
            place=Place(*item["place"]) if "place" in item else None,
        )

    def _participants(self, doc: Mapping[str, Any]) -> r.Participants:
        plain = {
            role: tuple(self._organisation(item) for item in items)
            for role, items in doc.items()
            if role not in ("hospitals", "carriers")
        }
        hospitals = tuple(
            r.HospitalSpec(
                id=item["id"],
                name_zh=item["name_zh"],
                name_en=item.get("name_en", ""),
                region=item["region"],
                place=Place(*item["place"]) if "place" in item else None,
                people_in_care=item.get("people_in_care"),
                vulnerable=item.get("vulnerable"),
            )
            for item in doc["hospitals"]
        )
        carriers = tuple(
            r.Carrier(
                id=item["id"],
                organisation=item.get("organisation", item["id"]),
                name_zh=item["name_zh"],
                name_en=item["name_en"],
                region=item["region"],
                vehicles=tuple(
                    r.Vehicle(
                        **{
                            **vehicle,
                            "tier": r.Tier(vehicle["tier"]),
                            "temperature": self._band(vehicle["temperature"]),
                        }
                    )
                    for vehicle in item["vehicles"]
                ),
            )
            for item in doc["carriers"]
        )
        return r.Participants(hospitals=hospitals, carriers=carriers, **plain)

    def _network(self, doc: Mapping[str, Any]) -> r.Network:
        stations = tuple(
            r.Station(
                **{
                    **item,
                    "recognised": item.get("recognised", False),
                    "tier": r.Tier(item["tier"]),
                    "place": Place(*item["place"]),
                    "temperature": self._band(item["temperature"]),
                }
            )
            for item in doc["stations"]
        )
        return r.Network(
            stations=stations,
            affected=tuple(doc["affected"]),
            road_permille=doc["road_permille"],
            dock_temperature=self._band(doc["dock_temperature"]),
            tariffs={tier: r.Tariff(**doc["tariffs"][tier.value]) for tier in r.Tier},
        )

    def _indicator(self, doc: Mapping[str, Any]) -> r.Indicator:
        series = []
        for region, figures in doc["series"].items():
            days = [
                r.CaseFigure(self._day(f"indicator.series.{region}", day), value)
                for day, value in figures.items()
            ]
            series.append(r.CaseSeries(region, tuple(sorted(days, key=lambda f: f.day))))
        return r.Indicator(**{**doc, "series": tuple(series)})

    def _plan(self, doc: Mapping[str, Any]) -> r.Plan:
        levels = tuple(
            r.Level(
                name=item["name"],
                all_of=item["all_of"],
                minimum_stay=item["minimum_stay"],
                conditions=tuple(
                    r.Trigger(r.Measure(c["measure"]), c.get("window", 0), c["rise"], c["fall"])
                    for c in item["conditions"]
                ),
                actions=tuple(self._action(action) for action in item["actions"]),
            )
            for item in doc["levels"]
        )
        return r.Plan(**{**doc, "regions": tuple(doc["regions"]), "levels": levels})

    def _action(self, item: Mapping[str, Any]) -> r.Action:
        given = {key: value for key, value in item.items() if key != "kind"}
        match item["kind"]:
            case "raise_demand":
                return r.RaiseDemand(**given)
            case "release_money":
                return r.ReleaseMoney(**{**given, "earmark": self._earmark(item["earmark"])})
            case _:
                return r.OpenFastPath(**given)

    def _gift(self, index: int, item: Mapping[str, Any]) -> r.GiftInKind:
        return r.GiftInKind(
            **{
                **item,
                "refused": item.get("refused", 0),
                "missing": item.get("missing", 0),
                "day": self._day(f"gifts[{index}].day", item["day"]),
                "earmark": self._earmark(item["earmark"]),
            }
        )

    def _demand(self, index: int, item: Mapping[str, Any]) -> r.DemandSpec:
        day = item.get("day")
        return r.DemandSpec(
            id=item["id"],
            hospital=item["hospital"],
            material=item["material"],
            units=item.get("units"),
            day=None if day is None else self._day(f"demands[{index}].day", day),
            needed_within=item.get("needed_within"),
            stock=item.get("stock"),
            daily_use=item.get("daily_use"),
            freight_budget=item.get("freight_budget"),
        )

    def _conditions(self, doc: Mapping[str, Any]) -> r.Conditions:
        return r.Conditions(
            late_legs=tuple(
                r.LateLeg(**{**item, "tier": r.Tier(item["tier"])}) for item in doc["late_legs"]
            ),
            excursions=tuple(
                r.Excursion(**{**item, "tier": r.Tier(item["tier"])}) for item in doc["excursions"]
            ),
            order_breaking=tuple(
                r.OrderBreakingProposal(self._day(f"conditions.order_breaking[{i}].day", o["day"]))
                for i, o in enumerate(doc["order_breaking"])
            ),
        )
