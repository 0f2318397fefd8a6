// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {LineWords} from "../libraries/LineWords.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {References} from "../libraries/References.sol";
import {DemandStore} from "./DemandStore.sol";

/// @title DemandBook
/// @notice Demands with their facts of need: facts, attestations, level, and totals of what counts.
/// @dev Here demands are read, served and brought up to date; what recipients, auditors and plans do is passed on to the office.
/// Goods meet demands in DemandEscrow, the only one that may serve them.
contract DemandBook is IDemandBook, DemandStore, LapsingPause {
    using LineWords for uint256;
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
        uint256 scope = _scopeOf(goods);
        uint32 limits = _counts.thresholds;
        uint256 served;
        for (uint256 i; i < lines.length; ++i) {
            (uint256 answer, uint256 less) = _serve(lines[i], goods, scope, limits);
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

    /// @dev What a demand must have to lie within the goods' earmark: number of province or emergency, or recipient.
    function _scopeOf(Goods calldata goods) private view returns (uint256 scope) {
        if (goods.earmarkKind == IMaterialLedger.EarmarkKind.NONE) return 0;
        scope = goods.earmarkKind == IMaterialLedger.EarmarkKind.FACILITY
            ? uint160(registry.accountOf(goods.earmarkScope))
            : _numbers[goods.earmarkScope];
        // No demand has come from there.
        if (scope == 0) return type(uint256).max;
    }

    /// @dev Whether the demand counts in the total of the goods' scope and is within their earmark is one question.
    function _fitOf(uint48 material, Terms memory terms, Goods calldata goods, uint256 scope)
        private
        pure
        returns (Fit)
    {
        if (material != goods.material) return Fit.OTHER_MATERIAL;
        IMaterialLedger.EarmarkKind kind = goods.earmarkKind;
        if (kind != IMaterialLedger.EarmarkKind.NONE) {
            uint256 own = terms.emergency;
            if (kind == IMaterialLedger.EarmarkKind.REGION) own = terms.province;
            if (kind == IMaterialLedger.EarmarkKind.FACILITY) own = uint160(terms.recipient);
            if (own != scope) return Fit.OUT_OF_EARMARK;
        }
        // A lot that ends before the goods are needed can serve neither in a line nor as a reason to wait.
        return goods.expiry == 0 || goods.expiry >= terms.neededBy ? Fit.FITS : Fit.ENDS_TOO_SOON;
    }

    /// @dev The region, nearest first, whose fast path will have an unaudited line; zero when none.
    function _fastPathFor(DemandRecord storage record, uint64 units)
        private
        view
        returns (bytes32 region)
    {
        Audit storage audit = record.audit;
        if (
            record.terms.emergency == 0 || audit.overCap || audit.refused
                || block.timestamp < audit.contestedUntil
        ) return 0;
        AuditDebt storage debt = _auditDebts[record.terms.recipient];
        if (debt.demands != 0 && block.timestamp >= debt.auditBy) return 0;

        bytes32 emergency = _names[record.terms.emergency];
        region = _regionOf(record.terms.recipient);
        while (region != 0) {
            FastPath storage path = _fastPaths[emergency][region];
            if (block.timestamp < path.until && units <= path.cap - path.used) return region;
            region = registry.parentOf(region);
        }
    }

    // --- own writes ---

    /// @dev Serves one line, but for the total of the material, of which `less` is to be taken. The answer is zero when the line cannot be served.
    function _serve(uint256 line, Goods calldata goods, uint256 scope, uint32 limits)
        private
        returns (uint256 answer, uint256 less)
    {
        uint64 id = line.demandOf();
        uint64 units = line.unitsOf();
        DemandRecord storage record = _demands[id];
        Need memory need = record.need;
        Terms memory terms = record.terms;
        if (terms.status != DemandStatus.OPEN || need.served == need.units) _openDemand(id);
        if (block.timestamp >= terms.neededBy) revert DemandNotOpen(id, DemandStatus.LAPSED);
        _requireActive(terms.recipient, IParticipantRegistry.Role.RECIPIENT);
        if (!_isFresh(need, limits)) {
            _update(id, record, true);
            need = record.need;
        }
        if (
            units > need.units - need.served
                || _fitOf(need.material, terms, goods, scope) != Fit.FITS
        ) return (0, 0);
        Level level = need.counted;
        if (level == Level.NULL) {
            if (!_useFastPath(id, record, units)) return (0, 0);
            level = Level.LOW;
        } else {
            less = OpenUnits.word(level, units);
            unchecked {
                _changeInPlace(terms, need.material, 0 - NeedAccount.open(level, units), 0 - less);
            }
        }
        record.need.served = need.served + uint40(units);
        return (LineWords.served(level, need.dailyUse), less);
    }

    /// @dev Takes an unaudited line's units from a fast path, and notes that their audit is owed. False when none will have it.
    function _useFastPath(uint64 id, DemandRecord storage record, uint64 units)
        private
        returns (bool)
    {
        bytes32 region = _fastPathFor(record, units);
        if (region == 0) return false;
        bytes32 emergency = _names[record.terms.emergency];
        _fastPaths[emergency][region].used += units;
        emit FastPathUsed(id, emergency, region, units);
        if (record.audit.auditOwed) return true;
        record.audit.auditOwed = true;
        AuditDebt storage debt = _auditDebts[record.terms.recipient];
        if (debt.demands == 0) debt.auditBy = uint40(block.timestamp) + AUDIT_WINDOW;
        ++debt.demands;
        return true;
    }

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
