// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {References} from "../libraries/References.sol";
import {FacilityBook} from "./FacilityBook.sol";

/// @title PlanBook
/// @notice The part of DemandOffice that keeps what emergency plans have raised and opened.
abstract contract PlanBook is FacilityBook {
    /// @notice Where materials are defined, and what became of parcels.
    IMaterialLedger public immutable ledger;

    constructor(address materialLedger) {
        ledger = IMaterialLedger(References.required(materialLedger));
    }

    // --- EmergencyResponse ---

    /// @notice See `IDemandBook.openFastPath`; the book has checked the caller.
    function openFastPath(bytes32 emergency, bytes32 region, uint64 cap, uint40 until) external {
        if (cap == 0) revert IDemandBook.ZeroUnits();
        _requireAhead(until);
        IDemandBook.FastPath storage path = _fastPaths[emergency][region];
        path.cap = cap;
        path.used = 0;
        path.until = until;
        _activate(emergency, path, until);
        emit IDemandBook.FastPathOpened(emergency, region, cap, until);
    }

    /// @notice See `IDemandBook.raise`; the book has checked the caller.
    function raise(bytes32 emergency, bytes32 region, uint64 material, uint64 units, uint40 until)
        external
        returns (uint64 raised)
    {
        _requireUnits(units);
        _requireAhead(until);
        ledger.material(material);
        uint64 people = _peopleInCare[region];
        raised = _counts.raises + 1;
        if (people == 0) revert IDemandBook.NothingToClaim(raised, address(0));

        _counts.raises = raised;
        IDemandBook.Raise storage record = _raises[raised];
        record.emergency = emergency;
        record.region = region;
        record.material = material;
        record.units = units;
        record.until = until;
        record.peopleInCare = people;
        record.attestations = _counts.attestations;
        _activate(emergency, _fastPaths[emergency][region], until);
        emit IDemandBook.DemandRaised(raised, emergency, region, material, units, until);
    }

    // --- shared reads ---

    function _requireUnits(uint64 units) internal pure {
        if (units == 0) revert IDemandBook.ZeroUnits();
        if (units > MAX_UNITS) revert IDemandBook.TooManyUnits(units, MAX_UNITS);
    }

    /// @dev The emergency must have acted on the region of the facility, or on one around it.
    function _requireInEmergency(bytes32 emergency, bytes32 home) internal view {
        bytes32 region = home;
        while (region != 0) {
            if (block.timestamp < _fastPaths[emergency][region].activeUntil) return;
            region = registry.parentOf(region);
        }
        revert IDemandBook.NotInEmergency(emergency, home);
    }

    function _requireAhead(uint40 until) private view {
        if (block.timestamp >= until) revert IDemandBook.Expired(until);
    }

    // --- shared writes ---

    /// @dev Takes the caller's part of a raise; returns what it asks for with it.
    function _takePart(uint64 raised, IDemandBook.DemandRequest calldata request)
        internal
        returns (IDemandBook.DemandRequest memory part)
    {
        IDemandBook.Raise storage source = _raises[raised];
        if (source.units == 0) revert IDemandBook.UnknownRaise(raised);
        _requireAhead(source.until);
        if (request.units != 0 || request.material != 0 || request.emergency != 0) {
            revert IDemandBook.SetByRaise(raised);
        }
        if (_hasClaimed[raised][msg.sender]) {
            revert IDemandBook.AlreadyClaimed(raised, msg.sender);
        }
        IDemandBook.Facility storage facts = _facilities[msg.sender];
        if (facts.attestedBy == address(0)) revert IDemandBook.NotAttestedFacility(msg.sender);
        uint64 units = uint64(uint256(source.units) * facts.peopleInCare / source.peopleInCare);
        if (
            units == 0 || facts.attestation > source.attestations
                || !registry.isWithin(_regionOf(msg.sender), source.region)
        ) revert IDemandBook.NothingToClaim(raised, msg.sender);

        _hasClaimed[raised][msg.sender] = true;
        source.claimed += units;
        part = request;
        part.units = units;
        part.material = source.material;
        part.emergency = source.emergency;
    }

    /// @dev The number under which a province or an emergency is kept, a new one for what has none yet; zero for none.
    function _numberOf(bytes32 name) internal returns (uint16 number) {
        if (name == 0) return 0;
        number = _numbers[name];
        if (number == 0) {
            number = ++_counts.names;
            _numbers[name] = number;
            _names[number] = name;
        }
    }

    function _activate(bytes32 emergency, IDemandBook.FastPath storage path, uint40 until) private {
        _numberOf(emergency);
        if (until > path.activeUntil) path.activeUntil = until;
    }
}
