// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {References} from "../libraries/References.sol";
import {FacilityBook} from "./FacilityBook.sol";

/// @title PlanBook
/// @notice The part of DemandBook that keeps what emergency plans have raised and opened, and what is owed to the auditors for it.
abstract contract PlanBook is FacilityBook, LapsingPause {
    /// @inheritdoc IDemandBook
    uint40 public constant AUDIT_WINDOW = 3 days;

    /// @notice Most units that a demand, a raise or its facts may name: sixteen million of them fit a total.
    uint64 internal constant MAX_UNITS = 1e12;

    /// @notice Where materials are defined.
    IMaterialLedger internal immutable ledger;

    /// @notice Who may raise demand and open the fast path.
    address internal immutable emergencyResponse;

    /// @inheritdoc IDemandBook
    uint64 public raiseCount;

    /// @inheritdoc IDemandBook
    mapping(uint64 raised => mapping(address recipient => bool)) public hasClaimed;

    mapping(uint64 id => Raise) private _raises;

    mapping(bytes32 emergency => mapping(bytes32 region => FastPath)) private _fastPaths;

    mapping(address recipient => AuditDebt) private _auditDebts;

    constructor(address participantRegistry, address materialLedger, address emergencyResponse_)
        FacilityBook(participantRegistry)
    {
        ledger = IMaterialLedger(References.required(materialLedger));
        emergencyResponse = References.required(emergencyResponse_);
    }

    modifier onlyWriter(address writer) {
        _requireWriter(writer);
        _;
    }

    // --- reads ---

    /// @inheritdoc IDemandBook
    function raiseRecord(uint64 id) external view returns (Raise memory) {
        return _knownRaise(id);
    }

    /// @inheritdoc IDemandBook
    function fastPath(bytes32 emergency, bytes32 region) external view returns (FastPath memory) {
        return _fastPaths[emergency][region];
    }

    /// @inheritdoc IDemandBook
    function auditDebt(address recipient) external view returns (AuditDebt memory) {
        return _auditDebts[recipient];
    }

    // --- EmergencyResponse ---

    /// @inheritdoc IDemandBook
    function openFastPath(bytes32 emergency, bytes32 region, uint64 cap, uint40 until)
        external
        whenOpen
        onlyWriter(emergencyResponse)
    {
        if (cap == 0) revert ZeroUnits();
        if (block.timestamp >= until) revert Expired(until);
        FastPath storage path = _fastPaths[emergency][region];
        path.cap = cap;
        path.used = 0;
        path.until = until;
        _activate(path, until);
        emit FastPathOpened(emergency, region, cap, until);
    }

    /// @inheritdoc IDemandBook
    function raise(bytes32 emergency, bytes32 region, uint64 material, uint64 units, uint40 until)
        external
        whenOpen
        onlyWriter(emergencyResponse)
        returns (uint64 raised)
    {
        _requireUnits(units);
        if (block.timestamp >= until) revert Expired(until);
        ledger.material(material);
        uint64 people = peopleInCare[region];
        raised = raiseCount + 1;
        if (people == 0) revert NothingToClaim(raised, address(0));

        raiseCount = raised;
        Raise storage record = _raises[raised];
        record.emergency = emergency;
        record.region = region;
        record.material = material;
        record.units = units;
        record.until = until;
        record.peopleInCare = people;
        record.attestations = _attestations;
        _activate(_fastPaths[emergency][region], until);
        emit DemandRaised(raised, emergency, region, material, units, until);
    }

    // --- shared reads ---

    function _requireUnits(uint64 units) internal pure {
        if (units == 0) revert ZeroUnits();
        if (units > MAX_UNITS) revert TooManyUnits(units, MAX_UNITS);
    }

    /// @dev The emergency must have acted on the region of the facility, or on one around it.
    function _requireInEmergency(bytes32 emergency, bytes32 home) internal view {
        bytes32 region = home;
        while (region != 0) {
            if (block.timestamp < _fastPaths[emergency][region].activeUntil) return;
            region = registry.parentOf(region);
        }
        revert NotInEmergency(emergency, home);
    }

    function _requireWriter(address writer) private view {
        if (msg.sender != writer) revert NotWriter(msg.sender);
    }

    function _knownRaise(uint64 id) private view returns (Raise storage record) {
        record = _raises[id];
        if (record.units == 0) revert UnknownRaise(id);
    }

    // --- shared writes ---

    /// @dev Takes the caller's part of a raise; returns what it asks for with it.
    function _takePart(uint64 raised, DemandRequest calldata request)
        internal
        returns (DemandRequest memory part)
    {
        Raise storage source = _knownRaise(raised);
        if (block.timestamp >= source.until) revert Expired(source.until);
        if (request.units != 0 || request.material != 0 || request.emergency != 0) {
            revert SetByRaise(raised);
        }
        if (hasClaimed[raised][msg.sender]) revert AlreadyClaimed(raised, msg.sender);
        Facility storage facts = _facilities[msg.sender];
        if (facts.attestedBy == address(0)) revert NotAttestedFacility(msg.sender);
        uint64 units = uint64(uint256(source.units) * facts.peopleInCare / source.peopleInCare);
        if (
            units == 0 || facts.attestation > source.attestations
                || !registry.isWithin(_places[msg.sender].region, source.region)
        ) revert NothingToClaim(raised, msg.sender);

        hasClaimed[raised][msg.sender] = true;
        source.claimed += units;
        part = request;
        part.units = units;
        part.material = source.material;
        part.emergency = source.emergency;
    }

    /// @dev Takes an unaudited line's units from a fast path, the nearest region's first. False when none will have it.
    function _useFastPath(uint64 id, Demand storage record, uint64 units) internal returns (bool) {
        bytes32 emergency = record.emergency;
        address recipient = record.recipient;
        AuditDebt storage debt = _auditDebts[recipient];
        if (
            emergency == 0 || record.overCap
                || (debt.demands != 0 && block.timestamp >= debt.auditBy)
        ) return false;

        bytes32 region = _places[recipient].region;
        while (region != 0) {
            FastPath storage path = _fastPaths[emergency][region];
            if (block.timestamp < path.until && units <= path.cap - path.used) {
                path.used += units;
                emit FastPathUsed(id, emergency, region, units);
                if (!record.auditOwed) {
                    record.auditOwed = true;
                    if (debt.demands == 0) debt.auditBy = uint40(block.timestamp) + AUDIT_WINDOW;
                    ++debt.demands;
                }
                return true;
            }
            region = registry.parentOf(region);
        }
        return false;
    }

    function _settleDebt(Demand storage record) internal {
        record.auditOwed = false;
        AuditDebt storage debt = _auditDebts[record.recipient];
        if (--debt.demands == 0) debt.auditBy = 0;
    }

    function _activate(FastPath storage path, uint40 until) private {
        if (until > path.activeUntil) path.activeUntil = until;
    }
}
