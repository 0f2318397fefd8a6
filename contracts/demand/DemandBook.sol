// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {References} from "../libraries/References.sol";
import {DemandStore} from "./DemandStore.sol";
import {ServiceBook} from "./ServiceBook.sol";

/// @title DemandBook
/// @notice Demands with their facts of need: facts, attestations, level, and totals of what counts.
/// @dev Here demands are read, served and brought up to date; what recipients, auditors and plans do is passed on to the office.
/// Goods meet demands in DemandEscrow, the only one that may serve them.
contract DemandBook is IDemandBook, ServiceBook, LapsingPause {
    using OpenUnits for uint256;
    using NeedAccount for uint256;

    /// @inheritdoc IDemandBook
    bytes32 public constant ATTESTATION_TYPEHASH = _ATTESTATION;

    /// @inheritdoc IDemandBook
    bytes32 public constant DEMAND_REFUSAL_TYPEHASH = _REFUSAL;

    /// @inheritdoc IDemandBook
    bytes32 public constant DEMAND_CONTEST_TYPEHASH = _CONTEST;

    /// @inheritdoc IDemandBook
    uint40 public constant MAX_VALIDITY = _MAX_VALIDITY;

    /// @inheritdoc IDemandBook
    uint40 public constant AUDIT_WINDOW = _AUDIT_WINDOW;

    /// @inheritdoc IDemandBook
    uint40 public constant CONTEST_TIME = _CONTEST_TIME;

    /// @inheritdoc IDemandBook
    uint8 public constant MAX_CONTESTS = _MAX_CONTESTS;

    /// @notice The code of the acts that stand under "the office".
    address public immutable office;

    /// @notice Who may serve demands.
    address public immutable demandEscrow;

    /// @notice Who may raise demand and open the fast path.
    address public immutable emergencyResponse;

    constructor(
        address accessManager,
        address participantRegistry,
        address demandOffice,
        address demandEscrow_,
        address emergencyResponse_
    ) DemandStore(accessManager, participantRegistry) {
        office = References.required(demandOffice);
        demandEscrow = References.required(demandEscrow_);
        emergencyResponse = References.required(emergencyResponse_);
        _thresholds = Thresholds({critical: 24 hours, high: 72 hours, medium: 168 hours});
    }

    modifier onlyWriter(address writer) {
        _requireWriter(writer);
        _;
    }

    // --- reads ---

    /// @inheritdoc IDemandBook
    function demand(uint64 id) external view returns (Demand memory whole) {
        DemandRecord storage record = _knownDemand(id);
        _readNeed(record, whole);
        _readAudit(record, whole);
    }

    /// @inheritdoc IDemandBook
    function demandCount() external view returns (uint64) {
        return _counts.demands;
    }

    /// @inheritdoc IDemandBook
    function stationOf(uint64 demandId) external view returns (uint32) {
        return _knownDemand(demandId).audit.station;
    }

    /// @inheritdoc IDemandBook
    function levelNow(uint64 demandId) external view returns (Level) {
        DemandRecord storage record = _knownDemand(demandId);
        return _levelNow(record, _isVulnerable(record.terms.recipient));
    }

    /// @inheritdoc IDemandBook
    function contentOf(uint64 demandId) external view returns (bytes32) {
        return _contentOf(demandId, _knownDemand(demandId));
    }

    /// @inheritdoc IDemandBook
    function prospectOf(uint64 demandId, Goods calldata goods)
        external
        view
        returns (Prospect memory)
    {
        DemandRecord storage record = _knownDemand(demandId);
        return Prospect({
            fit: _fitOf(record.need.material, record.terms, goods, _scopeOf(goods)),
            level: record.need.counted,
            open: _openUnitsOf(record)
        });
    }

    /// @inheritdoc IDemandBook
    function fastPathOf(uint64 demandId, uint64 units) external view returns (bytes32 region) {
        return _fastPathFor(_openDemand(demandId), units);
    }

    /// @inheritdoc IDemandBook
    function openUnits(uint64 material, IMaterialLedger.Earmark calldata scope)
        external
        view
        returns (uint64 low, uint64 medium, uint64 high, uint64 critical)
    {
        if (scope.kind == IMaterialLedger.EarmarkKind.FACILITY) {
            address recipient = registry.accountOf(scope.scope);
            Account memory own = _accounts[_accountKey(recipient, uint48(material))].read();
            return (own.low, own.medium, own.high, own.critical);
        }
        uint256 total = _totals[_keyOf(uint48(material), scope.kind, _numbers[scope.scope])];
        return (
            total.unitsAt(Level.LOW),
            total.unitsAt(Level.MEDIUM),
            total.unitsAt(Level.HIGH),
            total.unitsAt(Level.CRITICAL)
        );
    }

    /// @inheritdoc IDemandBook
    function account(address recipient, uint64 material) external view returns (Account memory) {
        return _accounts[_accountKey(recipient, uint48(material))].read();
    }

    /// @inheritdoc IDemandBook
    function receivedOf(address recipient, uint64 lot) external view returns (uint64) {
        return _received[recipient][lot];
    }

    /// @inheritdoc IDemandBook
    function thresholds() external view returns (Thresholds memory) {
        return _thresholds;
    }

    /// @inheritdoc IDemandBook
    function facility(address recipient) external view returns (Facility memory) {
        return _facilities[recipient];
    }

    /// @inheritdoc IDemandBook
    function peopleInCare(bytes32 region) external view returns (uint64) {
        return _peopleInCare[region];
    }

    /// @inheritdoc IDemandBook
    function raiseCount() external view returns (uint64) {
        return _counts.raises;
    }

    /// @inheritdoc IDemandBook
    function raiseRecord(uint64 id) external view returns (Raise memory record) {
        record = _raises[id];
        if (record.units == 0) revert UnknownRaise(id);
    }

    /// @inheritdoc IDemandBook
    function hasClaimed(uint64 raised, address recipient) external view returns (bool) {
        return _hasClaimed[raised][recipient];
    }

    /// @inheritdoc IDemandBook
    function fastPath(bytes32 emergency, bytes32 region) external view returns (FastPath memory) {
        return _fastPaths[emergency][region];
    }

    /// @inheritdoc IDemandBook
    function auditDebt(address recipient) external view returns (AuditDebt memory) {
        return _auditDebts[recipient];
    }

    // --- anyone ---

    /// @inheritdoc IDemandBook
    function refresh(uint64 demandId) external returns (Level) {
        DemandRecord storage record = _openDemand(demandId);
        _refresh(demandId, record);
        return record.terms.level;
    }

    /// @inheritdoc IDemandBook
    function bringUpToDate(uint64[] calldata demandIds) external {
        if (demandIds.length > MAX_DEMANDS) revert TooManyDemands(demandIds.length, MAX_DEMANDS);
        for (uint256 i; i < demandIds.length; ++i) {
            uint64 id = demandIds[i];
            DemandRecord storage record = _knownDemand(id);
            if (_statusOf(record) != DemandStatus.OPEN) continue;
            if (block.timestamp < record.terms.neededBy) _refresh(id, record);
            else _end(id, record, DemandStatus.LAPSED);
        }
    }

    /// @inheritdoc IDemandBook
    function lapseDemand(uint64 demandId) external {
        DemandRecord storage record = _openDemand(demandId);
        uint40 neededBy = record.terms.neededBy;
        if (block.timestamp < neededBy) revert NotLapsed(demandId, neededBy);
        _end(demandId, record, DemandStatus.LAPSED);
    }

    // --- DemandEscrow ---

    /// @inheritdoc IDemandBook
    function serve(Goods calldata goods, uint256[] calldata lines)
        external
        onlyWriter(demandEscrow)
        returns (uint256[] memory answers)
    {
        answers = new uint256[](lines.length);
        Goods memory offered = goods;
        uint256 scope = _scopeOf(offered);
        uint32 limits = _counts.thresholds;
        uint256 served;
        for (uint256 i; i < lines.length; ++i) {
            (uint256 answer, uint256 less) = _serve(lines[i], offered, scope, limits);
            if (answer == 0) break;
            answers[i] = answer;
            served += less;
        }
        if (served == 0) return answers;
        _totals[_keyOf(uint48(goods.material), IMaterialLedger.EarmarkKind.NONE, 0)] -= served;
    }

    /// @inheritdoc IDemandBook
    function reopen(uint64 demandId, uint64 units, uint128 freight, bool byFault)
        external
        onlyWriter(demandEscrow)
    {
        DemandRecord storage record = _knownDemand(demandId);
        DemandStatus status = _statusOf(record);
        record.freightBudget += freight;
        record.need.served -= uint40(units);
        if (record.terms.status == DemandStatus.OPEN) {
            _moveUnits(record, Level.NULL, 0, record.need.counted, units);
            if (status == DemandStatus.MET) emit DemandReopened(demandId, units);
        } else {
            _accounts[
                _accountKey(record.terms.recipient, record.need.material)
            ] -= NeedAccount.asked(units);
        }
        // Less than a tenth of what has not come is no fault: else a solver could end an attestation with a single unit. Not of what is
        // open: else it could do so with what a friend has left over of it by promises.
        if (byFault && 10 * units >= record.need.units - record.received) {
            _endAttestations(record);
            emit AttestationsEnded(demandId, record.audit.version);
        }
        _refresh(demandId, record);
    }

    /// @inheritdoc IDemandBook
    function takeBudget(uint64 demandId, uint128 asked)
        external
        onlyWriter(demandEscrow)
        returns (uint128 taken, address recipient)
    {
        DemandRecord storage record = _knownDemand(demandId);
        recipient = record.terms.recipient;
        if (record.audit.auditOwed) {
            uint40 auditBy = _auditDebts[recipient].auditBy;
            if (block.timestamp >= auditBy) revert AuditOverdue(demandId, auditBy);
        }
        uint128 budget = record.freightBudget;
        taken = asked < budget ? asked : budget;
        if (taken != 0) record.freightBudget = budget - taken;
    }

    /// @inheritdoc IDemandBook
    function countReceived(uint64 demandId, uint64 lot, uint64 units)
        external
        onlyWriter(demandEscrow)
    {
        DemandRecord storage record = _knownDemand(demandId);
        address recipient = record.terms.recipient;
        record.received += uint40(units);
        _received[recipient][lot] += units;
        _accounts[_accountKey(recipient, record.need.material)] += NeedAccount.onHand(units);
        emit UnitsReceived(demandId, lot, units);
    }

    // --- the office: recipients, auditors, plans, the urgency keeper ---

    /// @inheritdoc IDemandBook
    function declareFacility(uint32, bool) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function publish(DemandRequest calldata) external whenOpen returns (uint64) {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function claim(uint64, DemandRequest calldata) external whenOpen returns (uint64) {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function updateFacts(uint64, uint64, uint64) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function withdrawDemand(uint64) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function attestFacility(address, uint32, bool) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function attest(uint64, bytes32, uint40) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function attestBySignature(Attestation calldata, bytes calldata) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function refuse(uint64, bytes32, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function refuseBySignature(Objection calldata, bytes calldata) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function contest(uint64, bytes32, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function contestBySignature(Objection calldata, bytes calldata) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function writeOff(address, uint64, uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function dropFacility(address) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function reportDistributed(uint64[] calldata) external {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function setThresholds(Thresholds calldata) external restricted {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function openFastPath(bytes32, bytes32, uint64, uint40)
        external
        whenOpen
        onlyWriter(emergencyResponse)
    {
        _toOffice();
    }

    /// @inheritdoc IDemandBook
    function raise(bytes32, bytes32, uint64, uint64, uint40)
        external
        whenOpen
        onlyWriter(emergencyResponse)
        returns (uint64)
    {
        _toOffice();
    }

    // --- own reads ---

    function _requireWriter(address writer) private view {
        if (msg.sender != writer) revert NotWriter(msg.sender);
    }

    function _readNeed(DemandRecord storage record, Demand memory whole) private view {
        Need memory need = record.need;
        Terms memory terms = record.terms;
        whole.recipient = terms.recipient;
        whole.neededBy = terms.neededBy;
        whole.status = _statusOf(record);
        whole.level = terms.level;
        whole.material = need.material;
        whole.units = need.units;
        whole.served = need.served;
        whole.received = record.received;
        whole.stock = record.stock;
        whole.dailyUse = need.dailyUse;
        whole.factsAt = record.factsAt;
        if (whole.status == DemandStatus.OPEN) whole.counted = need.counted;
        whole.emergency = _names[terms.emergency];
    }

    function _readAudit(DemandRecord storage record, Demand memory whole) private view {
        Audit memory audit = record.audit;
        whole.publishedAt = audit.publishedAt;
        whole.station = audit.station;
        whole.raised = record.raised;
        whole.freightBudget = record.freightBudget;
        whole.overCap = audit.overCap;
        whole.firstUntil = audit.firstUntil;
        if (audit.firstUntil != 0) whole.firstAuditor = record.firstAuditor;
        whole.secondUntil = audit.secondUntil;
        if (audit.secondUntil != 0) whole.secondAuditor = record.secondAuditor;
        whole.version = audit.version;
        if (audit.refused) whole.refusedBy = record.refusedBy;
        whole.contestedUntil = audit.contestedUntil;
        whole.contests = audit.contests;
        whole.auditOwed = audit.auditOwed;
    }

    // --- own writes ---

    /// @dev Runs the office's function of the same name, which answers the caller itself.
    function _toOffice() private {
        address target = office;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
