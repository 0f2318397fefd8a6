// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {Urgency} from "../libraries/Urgency.sol";
import {PlanBook} from "./PlanBook.sol";

/// @title DemandBook
/// @notice Demands with their facts of need: facts, attestations, level, and totals of what counts.
/// @dev Facilities are in FacilityBook, what plans have raised and opened in PlanBook. Goods meet demands in DemandEscrow, the only one
/// that may serve them.
contract DemandBook is PlanBook, EIP712 {
    using OpenUnits for uint256;

    /// @dev What an auditor attests, see `contentOf`.
    struct Content {
        uint64 demand;
        address recipient;
        uint64 material;
        uint64 units;
        uint64 stock;
        uint64 dailyUse;
        uint40 factsAt;
        uint40 neededBy;
        uint32 station;
        bytes32 emergency;
        uint32 peopleInCare;
        bool vulnerable;
        uint32 version;
    }

    /// @inheritdoc IDemandBook
    bytes32 public constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address auditor,uint64 demand,bytes32 content,uint40 validUntil,uint40 deadline)"
    );

    /// @inheritdoc IDemandBook
    uint40 public constant MAX_VALIDITY = 30 days;

    /// @notice Most demands brought up to date in one call.
    uint256 private constant MAX_DEMANDS = 100;

    /// @notice Who may serve demands.
    address private immutable demandEscrow;

    /// @inheritdoc IDemandBook
    uint64 public demandCount;

    mapping(uint64 id => Demand) private _demands;

    /// @dev Open audited units by level, see `_scopeKey`.
    mapping(bytes32 scope => uint256) private _totals;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address demandEscrow_,
        address emergencyResponse_
    )
        AccessManaged(References.required(accessManager))
        EIP712("Aidline DemandBook", "1")
        PlanBook(participantRegistry, materialLedger, emergencyResponse_)
    {
        demandEscrow = References.required(demandEscrow_);
    }

    // --- reads ---

    /// @inheritdoc IDemandBook
    function demand(uint64 id) external view returns (Demand memory) {
        return _knownDemand(id);
    }

    /// @inheritdoc IDemandBook
    function stationOf(uint64 demandId) external view returns (uint32) {
        return _knownDemand(demandId).station;
    }

    /// @inheritdoc IDemandBook
    function levelNow(uint64 demandId) external view returns (Level) {
        return _levelNow(_knownDemand(demandId));
    }

    /// @inheritdoc IDemandBook
    function contentOf(uint64 demandId) public view returns (bytes32) {
        Demand storage record = _knownDemand(demandId);
        Facility storage facts = _facilities[record.recipient];
        Content memory content;
        content.demand = demandId;
        content.recipient = record.recipient;
        content.material = record.material;
        content.units = record.units;
        content.stock = record.stock;
        content.dailyUse = record.dailyUse;
        content.factsAt = record.factsAt;
        content.neededBy = record.neededBy;
        content.station = record.station;
        content.emergency = record.emergency;
        content.peopleInCare = facts.peopleInCare;
        content.vulnerable = facts.vulnerable;
        content.version = record.version;
        return keccak256(abi.encode(content));
    }

    /// @inheritdoc IDemandBook
    function openUnits(uint64 material, IMaterialLedger.Earmark calldata scope)
        external
        view
        returns (uint64 low, uint64 medium, uint64 high, uint64 critical)
    {
        uint256 total = _totals[_scopeKey(material, scope.kind, scope.scope)];
        return (
            total.unitsAt(Level.LOW),
            total.unitsAt(Level.MEDIUM),
            total.unitsAt(Level.HIGH),
            total.unitsAt(Level.CRITICAL)
        );
    }

    /// @inheritdoc IDemandBook
    function prospectOf(uint64 demandId, Goods calldata goods)
        external
        view
        returns (Prospect memory)
    {
        return _prospect(_knownDemand(demandId), goods);
    }

    // --- recipients ---

    /// @inheritdoc IDemandBook
    function publish(DemandRequest calldata request) external whenOpen returns (uint64 demandId) {
        return _publish(request, 0);
    }

    /// @inheritdoc IDemandBook
    function claim(uint64 raised, DemandRequest calldata request)
        external
        whenOpen
        returns (uint64 demandId)
    {
        DemandRequest memory part = _takePart(raised, request);
        demandId = _publish(part, raised);
        emit RaiseClaimed(raised, demandId, part.units);
    }

    /// @inheritdoc IDemandBook
    function updateFacts(uint64 demandId, uint64 stock, uint64 dailyUse) external {
        Demand storage record = _ownDemand(demandId);
        _requirePossible(stock, dailyUse);

        _setCounted(demandId, record, Level.NULL);
        record.stock = stock;
        record.dailyUse = dailyUse;
        record.factsAt = uint40(block.timestamp);
        _endAttestations(record);
        emit FactsChanged(demandId, stock, dailyUse, record.version);
        _update(demandId, record);
    }

    /// @inheritdoc IDemandBook
    function withdrawDemand(uint64 demandId) external {
        _end(demandId, _ownDemand(demandId), DemandStatus.WITHDRAWN);
    }

    // --- auditors ---

    /// @inheritdoc IDemandBook
    function attest(uint64 demandId, bytes32 content, uint40 validUntil) external {
        _attest(demandId, msg.sender, content, validUntil);
    }

    /// @inheritdoc IDemandBook
    function attestBySignature(Attestation calldata attestation, bytes calldata signature)
        external
    {
        if (block.timestamp > attestation.deadline) revert Expired(attestation.deadline);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)));
        SignatureCheck.requireValid(attestation.auditor, digest, signature);
        _attest(
            attestation.demand, attestation.auditor, attestation.content, attestation.validUntil
        );
    }

    // --- anyone ---

    /// @inheritdoc IDemandBook
    function refresh(uint64 demandId) external returns (Level) {
        Demand storage record = _openDemand(demandId);
        _update(demandId, record);
        return record.level;
    }

    /// @inheritdoc IDemandBook
    function bringUpToDate(uint64[] calldata demandIds) external {
        if (demandIds.length > MAX_DEMANDS) revert TooManyDemands(demandIds.length, MAX_DEMANDS);
        for (uint256 i; i < demandIds.length; ++i) {
            uint64 id = demandIds[i];
            Demand storage record = _knownDemand(id);
            if (record.status != DemandStatus.OPEN) continue;
            if (block.timestamp >= record.neededBy) _end(id, record, DemandStatus.LAPSED);
            else _update(id, record);
        }
    }

    /// @inheritdoc IDemandBook
    function lapseDemand(uint64 demandId) external {
        Demand storage record = _openDemand(demandId);
        if (block.timestamp < record.neededBy) revert NotLapsed(demandId, record.neededBy);
        _end(demandId, record, DemandStatus.LAPSED);
    }

    // --- DemandEscrow ---

    /// @inheritdoc IDemandBook
    function serve(Goods calldata goods, uint64[] calldata demands, uint64[] calldata units)
        external
        onlyWriter(demandEscrow)
        returns (Prospect[] memory prospects)
    {
        prospects = new Prospect[](demands.length);
        for (uint256 i; i < demands.length; ++i) {
            prospects[i] = _serve(demands[i], units[i], goods);
            if (prospects[i].level == Level.NULL) break;
        }
    }

    /// @inheritdoc IDemandBook
    function reopen(uint64 demandId, uint64 units, uint128 freight, bool byFault)
        external
        onlyWriter(demandEscrow)
    {
        Demand storage record = _knownDemand(demandId);
        record.freightBudget += freight;
        _countUnits(record, Level.NULL, 0, record.counted, units);
        record.served -= units;
        if (record.status == DemandStatus.MET) {
            record.status = DemandStatus.OPEN;
            emit DemandReopened(demandId, units);
        }
        // Less than a tenth is no fault: else a solver could end an attestation with a single unit.
        bool worthIt = units >= (record.units - record.served) / 10;
        if (byFault && worthIt) {
            _endAttestations(record);
            emit AttestationsEnded(demandId, record.version);
        }
        _update(demandId, record);
    }

    /// @inheritdoc IDemandBook
    function takeBudget(uint64 demandId, uint128 asked)
        external
        onlyWriter(demandEscrow)
        returns (uint128 taken, address recipient)
    {
        Demand storage record = _knownDemand(demandId);
        recipient = record.recipient;
        taken = asked < record.freightBudget ? asked : record.freightBudget;
        record.freightBudget -= taken;
    }

    // --- own reads ---

    function _knownDemand(uint64 id) private view returns (Demand storage record) {
        record = _demands[id];
        if (record.status == DemandStatus.NULL) revert UnknownDemand(id);
    }

    function _openDemand(uint64 id) private view returns (Demand storage record) {
        record = _knownDemand(id);
        if (record.status != DemandStatus.OPEN) revert DemandNotOpen(id, record.status);
    }

    function _prospect(Demand storage record, Goods calldata goods)
        private
        view
        returns (Prospect memory)
    {
        return Prospect({
            fit: _fitOf(record, goods),
            level: record.counted,
            open: record.units - record.served,
            dailyUse: record.dailyUse
        });
    }

    /// @dev Whether the demand counts in the total of the goods' scope and is within their earmark is one question.
    function _fitOf(Demand storage record, Goods calldata goods) private view returns (Fit) {
        if (record.material != goods.material) return Fit.OTHER_MATERIAL;
        IMaterialLedger.EarmarkKind kind = goods.earmarkKind;
        if (kind != IMaterialLedger.EarmarkKind.NONE) {
            bytes32 scope = record.emergency;
            if (kind == IMaterialLedger.EarmarkKind.REGION) {
                scope = _places[record.recipient].province;
            }
            if (kind == IMaterialLedger.EarmarkKind.FACILITY) {
                scope = _places[record.recipient].facility;
            }
            if (scope != goods.earmarkScope) return Fit.OUT_OF_EARMARK;
        }
        // A lot that ends before the goods are needed can serve neither in a line nor as a reason to wait.
        return goods.expiry == 0 || goods.expiry >= record.neededBy ? Fit.FITS : Fit.ENDS_TOO_SOON;
    }

    function _ownDemand(uint64 id) private view returns (Demand storage record) {
        record = _openDemand(id);
        if (record.recipient != msg.sender) revert NotRecipient(id, msg.sender);
    }

    function _requirePossible(uint64 stock, uint64 dailyUse) private pure {
        if (stock > MAX_UNITS || dailyUse > MAX_UNITS) revert ImpossibleFacts(stock, dailyUse);
    }

    function _levelNow(Demand storage record) private view returns (Level) {
        uint256 elapsed;
        unchecked {
            elapsed = block.timestamp - record.factsAt;
        }
        return
            Urgency.levelOf(record.stock, record.dailyUse, elapsed, _isVulnerable(record.recipient));
    }

    /// @dev The level under which an open demand counts as of now, given its `level`.
    function _countedNow(Demand storage record) private view returns (Level) {
        if (
            record.firstAuditor == address(0) || block.timestamp >= record.neededBy
                || !registry.isActive(record.recipient, IParticipantRegistry.Role.RECIPIENT)
        ) return Level.NULL;
        if (record.secondAuditor != address(0)) return record.level;
        if (record.overCap) return Level.NULL;
        return record.level == Level.CRITICAL ? Level.HIGH : record.level;
    }

    function _scopeKey(uint64 material, IMaterialLedger.EarmarkKind kind, bytes32 scope)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(material, kind, scope));
    }

    // --- own writes ---

    /// @dev Brings attestations, level and count up to now. What has ended does not count and keeps its level.
    function _update(uint64 id, Demand storage record) private {
        _lapseAttestations(id, record);
        if (record.status != DemandStatus.OPEN) return;
        Level level = _levelNow(record);
        if (level != record.level) {
            emit LevelChanged(id, record.level, level);
            record.level = level;
        }
        _setCounted(id, record, _countedNow(record));
    }

    function _serve(uint64 demandId, uint64 units, Goods calldata goods)
        private
        returns (Prospect memory prospect)
    {
        Demand storage record = _openDemand(demandId);
        if (block.timestamp >= record.neededBy) {
            revert DemandNotOpen(demandId, DemandStatus.LAPSED);
        }
        _requireActive(record.recipient, IParticipantRegistry.Role.RECIPIENT);
        _update(demandId, record);
        prospect = _prospect(record, goods);
        if (prospect.fit != Fit.FITS || units > prospect.open) {
            prospect.level = Level.NULL;
            return prospect;
        }
        if (prospect.level == Level.NULL) {
            if (!_useFastPath(demandId, record, units)) return prospect;
            prospect.level = Level.LOW;
        }
        _countUnits(record, record.counted, units, Level.NULL, 0);
        record.served += units;
        if (units == prospect.open) _end(demandId, record, DemandStatus.MET);
    }

    function _end(uint64 id, Demand storage record, DemandStatus status) private {
        _setCounted(id, record, Level.NULL);
        record.status = status;
        emit DemandEnded(id, status, record.served);
    }

    function _publish(DemandRequest memory request, uint64 raised) private returns (uint64 id) {
        _requireActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        if (_facilities[msg.sender].peopleInCare == 0) revert NotDeclared(msg.sender);
        _requireUnits(request.units);
        _requirePossible(request.stock, request.dailyUse);
        if (request.neededBy <= block.timestamp) revert NeededInPast(request.neededBy);
        if (request.emergency != 0 && raised == 0) {
            _requireInEmergency(request.emergency, _places[msg.sender].region);
        }
        uint64 cap = ledger.material(request.material).capPerDemand;

        id = ++demandCount;
        Demand storage record = _demands[id];
        record.recipient = msg.sender;
        record.neededBy = request.neededBy;
        record.publishedAt = uint40(block.timestamp);
        record.status = DemandStatus.OPEN;
        record.material = request.material;
        record.units = request.units;
        record.stock = request.stock;
        record.dailyUse = request.dailyUse;
        record.factsAt = uint40(block.timestamp);
        record.station = request.station;
        record.raised = raised;
        record.overCap = cap != 0 && request.units > cap;
        record.freightBudget = request.freightBudget;
        record.emergency = request.emergency;
        emit DemandPublished(
            id,
            msg.sender,
            request.material,
            request.units,
            request.neededBy,
            request.station,
            request.emergency,
            raised
        );
        _update(id, record);
    }

    function _attest(uint64 id, address auditor, bytes32 content, uint40 validUntil) private {
        Demand storage record = _knownDemand(id);
        if (record.status != DemandStatus.OPEN && !record.auditOwed) {
            revert DemandNotOpen(id, record.status);
        }
        bytes32 expected = contentOf(id);
        if (content != expected) revert ContentChanged(id, expected, content);
        if (validUntil <= block.timestamp || validUntil > block.timestamp + MAX_VALIDITY) {
            revert BadValidity(validUntil);
        }
        _requireAuditorOf(auditor, record.recipient);

        _update(id, record);
        address first = record.firstAuditor;
        if (first == address(0)) {
            record.firstAuditor = auditor;
            record.firstUntil = validUntil;
            if (record.auditOwed) _settleDebt(record);
        } else {
            if (first == auditor || record.secondAuditor == auditor) {
                revert AlreadyAttested(id, auditor);
            }
            if (record.secondAuditor != address(0)) revert FullyAttested(id);
            if (_participant(first).organisation == _participant(auditor).organisation) {
                revert SameOrganisation(auditor, first);
            }
            record.secondAuditor = auditor;
            record.secondUntil = validUntil;
        }
        emit DemandAttested(id, auditor, record.version, validUntil);
        _update(id, record);
    }

    /// @dev Each ends by itself, so that no auditor can shorten another's; one that is left is the first.
    function _lapseAttestations(uint64 id, Demand storage record) private {
        if (record.secondAuditor != address(0) && block.timestamp >= record.secondUntil) {
            emit AttestationLapsed(id, record.secondAuditor);
            record.secondAuditor = address(0);
        }
        if (record.firstAuditor != address(0) && block.timestamp >= record.firstUntil) {
            emit AttestationLapsed(id, record.firstAuditor);
            record.firstAuditor = record.secondAuditor;
            record.firstUntil = record.secondUntil;
            record.secondAuditor = address(0);
        }
    }

    /// @dev A new version, so that no attestation of the former one can be used again, nor one that somebody kept back.
    function _endAttestations(Demand storage record) private {
        record.firstAuditor = address(0);
        record.secondAuditor = address(0);
        ++record.version;
    }

    function _setCounted(uint64 id, Demand storage record, Level to) private {
        Level from = record.counted;
        if (from == to) return;
        uint64 open = record.units - record.served;
        record.counted = to;
        emit DemandCounted(id, to);
        _countUnits(record, from, open, to, open);
    }

    /// @dev Changes the totals of every scope in which the demand lies; NULL stands for none.
    function _countUnits(
        Demand storage record,
        Level less,
        uint64 lessUnits,
        Level more,
        uint64 moreUnits
    ) private {
        if (less == more) return;
        uint64 material = record.material;
        Place storage place = _places[record.recipient];
        for (uint256 i = record.emergency == 0 ? 1 : 0; i < 4; ++i) {
            bytes32 scope;
            if (i == 0) scope = record.emergency;
            else if (i == 2) scope = place.province;
            else if (i == 3) scope = place.facility;
            IMaterialLedger.EarmarkKind kind =
                i == 0 ? IMaterialLedger.EarmarkKind.EMERGENCY : IMaterialLedger.EarmarkKind(i);
            bytes32 key = _scopeKey(material, kind, scope);
            uint256 total = _totals[key];
            if (less != Level.NULL) total = total.minus(less, lessUnits);
            if (more != Level.NULL) total = total.plus(more, moreUnits);
            _totals[key] = total;
        }
    }
}
