// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IIncidentBoard} from "../../interfaces/IIncidentBoard.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title IncidentBoard
/// @notice Incidents with goods: declared, answered, decided; kept in the party's record for ever.
contract IncidentBoard is IIncidentBoard {
    /// @inheritdoc IIncidentBoard
    uint256 public constant MAX_PARCELS = 16;

    /// @inheritdoc IIncidentBoard
    uint40 public constant ANSWER_WINDOW = 7 days;

    /// @inheritdoc IIncidentBoard
    uint40 public constant DECISION_WINDOW = 30 days;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Who says who answered for a parcel.
    IMaterialLedger public immutable ledger;

    /// @inheritdoc IIncidentBoard
    uint64 public incidentCount;

    mapping(uint64 id => Incident) private _incidents;

    mapping(uint64 id => uint64[]) private _parcels;

    mapping(address party => Record) private _records;

    mapping(address party => uint64[]) private _incidentsOf;

    /// @dev By kind, party and evidence: one document counts once.
    mapping(bytes32 claim => uint64) private _declared;

    constructor(address participantRegistry, address materialLedger) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
    }

    // --- reads ---

    /// @inheritdoc IIncidentBoard
    function incident(uint64 id) external view returns (Incident memory) {
        return _known(id);
    }

    /// @inheritdoc IIncidentBoard
    function statusOf(uint64 id) external view returns (IncidentStatus) {
        return _statusOf(_known(id));
    }

    /// @inheritdoc IIncidentBoard
    function parcelsOf(uint64 id) external view returns (uint64[] memory) {
        _known(id);
        return _parcels[id];
    }

    /// @inheritdoc IIncidentBoard
    function recordOf(address party) external view returns (Record memory) {
        return _records[party];
    }

    /// @inheritdoc IIncidentBoard
    function incidentsOf(address party, uint256 skip, uint256 most)
        external
        view
        returns (uint64[] memory page)
    {
        uint64[] storage all = _incidentsOf[party];
        uint256 length = all.length;
        if (skip >= length) return page;
        uint256 size = length - skip;
        if (size > most) size = most;
        page = new uint64[](size);
        for (uint256 i; i < size; ++i) {
            page[i] = all[skip + i];
        }
    }

    // --- auditors ---

    /// @inheritdoc IIncidentBoard
    function declare(IncidentKind kind, uint64[] calldata parcels, uint40 at, bytes32 evidence)
        external
        returns (uint64 id)
    {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.AUDITOR);
        if (kind == IncidentKind.NULL) revert NoKind();
        if (evidence == 0) revert NoEvidence();
        if (at > block.timestamp) revert InFuture(at);
        address party = _partyOf(parcels, at);
        _requireOther(party);

        id = ++incidentCount;
        bytes32 claim = keccak256(abi.encode(kind, party, evidence));
        if (_declared[claim] != 0) revert AlreadyDeclared(_declared[claim]);
        _declared[claim] = id;
        Incident storage made = _incidents[id];
        made.party = party;
        made.at = at;
        made.declaredAt = uint40(block.timestamp);
        made.kind = kind;
        made.declaredBy = msg.sender;
        made.evidence = evidence;
        _parcels[id] = parcels;
        _records[party].declared += 1;
        _incidentsOf[party].push(id);
        emit IncidentDeclared(id, party, msg.sender, kind, at, parcels, evidence);
    }

    // --- the party ---

    /// @inheritdoc IIncidentBoard
    function answer(uint64 id, bytes32 answerHash) external {
        Incident storage record = _known(id);
        if (msg.sender != record.party) revert NotParty(id, msg.sender);
        if (answerHash == 0) revert NoEvidence();
        IncidentStatus status = _statusOf(record);
        if (status != IncidentStatus.DECLARED) revert IncidentWrongStatus(id, status);
        uint40 until = record.declaredAt + ANSWER_WINDOW;
        if (block.timestamp >= until) revert AnswerTooLate(id, until);

        record.answeredAt = uint40(block.timestamp);
        record.answer = answerHash;
        emit IncidentAnswered(id, msg.sender, answerHash);
    }

    // --- second auditors, arbiters ---

    /// @inheritdoc IIncidentBoard
    function decide(uint64 id, IncidentStatus outcome, bytes32 reasons) external {
        Incident storage record = _known(id);
        if (outcome != IncidentStatus.UPHELD && outcome != IncidentStatus.DISMISSED) {
            revert BadOutcome(outcome);
        }
        if (reasons == 0) revert NoEvidence();
        _requireJudge(record);
        IncidentStatus status = _statusOf(record);
        if (status == IncidentStatus.DECLARED) {
            uint40 notBefore = record.declaredAt + ANSWER_WINDOW;
            if (block.timestamp < notBefore) revert TooEarly(id, notBefore);
        } else if (status != IncidentStatus.ANSWERED) {
            revert IncidentWrongStatus(id, status);
        }
        if (outcome == IncidentStatus.UPHELD) _requireAnsweredBy(_parcels[id], record);

        record.outcome = outcome;
        record.decidedAt = uint40(block.timestamp);
        record.decidedBy = msg.sender;
        record.reasons = reasons;
        _count(_records[record.party], record.kind, outcome);
        emit IncidentDecided(id, record.party, msg.sender, outcome, reasons);
    }

    // --- checks ---

    function _known(uint64 id) private view returns (Incident storage record) {
        record = _incidents[id];
        if (record.kind == IncidentKind.NULL) revert UnknownIncident(id);
    }

    function _statusOf(Incident storage record) private view returns (IncidentStatus) {
        IncidentStatus outcome = record.outcome;
        if (outcome != IncidentStatus.NULL) return outcome;
        if (block.timestamp >= record.declaredAt + DECISION_WINDOW) return IncidentStatus.LAPSED;
        return record.answeredAt == 0 ? IncidentStatus.DECLARED : IncidentStatus.ANSWERED;
    }

    /// @dev The one party that answered for all of the parcels at `at`.
    function _partyOf(uint64[] calldata parcels, uint40 at) private view returns (address party) {
        if (parcels.length == 0) revert NoParcels();
        if (parcels.length > MAX_PARCELS) revert TooManyParcels(parcels.length, MAX_PARCELS);
        party = ledger.responsibleAt(parcels[0], at);
        if (party == address(0)) revert NobodyAnswered(parcels[0], at);
        for (uint256 i = 1; i < parcels.length; ++i) {
            if (parcels[i] <= parcels[i - 1]) revert ParcelsNotAscending(parcels[i]);
            address responsible = ledger.responsibleAt(parcels[i], at);
            if (responsible != party) revert NotAnsweredBy(parcels[i], party, responsible);
        }
    }

    function _requireAnsweredBy(uint64[] storage parcels, Incident storage record) private view {
        address party = record.party;
        uint40 at = record.at;
        for (uint256 i; i < parcels.length; ++i) {
            address responsible = ledger.responsibleAt(parcels[i], at);
            if (responsible != party) revert NotAnsweredBy(parcels[i], party, responsible);
        }
    }

    function _requireJudge(Incident storage record) private view {
        if (
            !registry.isActive(msg.sender, IParticipantRegistry.Role.AUDITOR)
                && !registry.isActive(msg.sender, IParticipantRegistry.Role.ARBITER)
        ) revert NotJudge(msg.sender);
        _requireOther(record.declaredBy);
        _requireOther(record.party);
    }

    function _requireOther(address other) private view {
        if (
            registry.participant(msg.sender).organisation
                == registry.participant(other).organisation
        ) revert OneOrganisation(msg.sender, other);
    }

    // --- writes ---

    function _count(Record storage record, IncidentKind kind, IncidentStatus outcome) private {
        if (outcome == IncidentStatus.DISMISSED) {
            record.dismissed += 1;
            return;
        }
        record.upheld += 1;
        if (kind == IncidentKind.EMBEZZLED) record.embezzled += 1;
        else if (kind == IncidentKind.DIVERTED) record.diverted += 1;
        else if (kind == IncidentKind.COUNTERFEIT) record.counterfeit += 1;
        else record.spoiled += 1;
    }
}
