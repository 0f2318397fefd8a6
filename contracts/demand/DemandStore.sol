// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {OpenUnits} from "../libraries/OpenUnits.sol";
import {References} from "../libraries/References.sol";
import {Urgency} from "../libraries/Urgency.sol";

/// @title DemandStore
/// @notice What the book of demands and its office keep together: facilities, demands, totals, raises and fast paths.
/// @dev Heirs declare storage only after this. Serving a line reads the first two words of its demand and changes the first, as long
/// as what counts of it is fresh.
abstract contract DemandStore is AccessManaged, EIP712 {
    /// @dev How much of what is needed, and under which level it counts. Units are at most `MAX_UNITS`, which fits 40 bits.
    struct Need {
        uint40 units; // slot 0
        uint40 served;
        uint40 dailyUse;
        uint48 material; // a GTIN has at most 14 digits
        IDemandBook.Level counted;
        uint40 freshUntil; // from then on, or by other thresholds, level and count may be others; see `_isFresh`
        uint32 thresholds; // those by which the level is kept
    }

    /// @dev Who needs it until when. Province and emergency by their numbers here, see `_numbers`.
    struct Terms {
        address recipient; // slot 0
        uint40 neededBy;
        uint16 province;
        uint16 emergency; // zero for none
        IDemandBook.DemandStatus status; // MET is derived, see `_statusOf`
        IDemandBook.Level level;
        bool vulnerable; // of the facility, as of the last refresh
    }

    /// @dev What auditors say of it.
    struct Audit {
        uint40 firstUntil; // slot 0; zero while nobody attests it
        uint40 secondUntil; // zero while no second does
        uint40 contestedUntil;
        uint32 version;
        uint8 contests;
        bool overCap;
        bool refused;
        bool auditOwed;
        uint32 station;
        uint40 publishedAt;
    }

    struct DemandRecord {
        Need need; // slot 0
        Terms terms; // slot 1
        Audit audit; // slot 2
        uint128 freightBudget; // slot 3
        uint40 received; // units that came
        uint40 stock;
        uint40 factsAt;
        address firstAuditor; // slot 4
        uint64 raised;
        address secondAuditor; // slot 5
        address refusedBy; // slot 6
        address contestedBy; // slot 7; who did last
    }

    /// @dev How many there are so far; demands, raises and names are numbered from 1.
    struct Counts {
        uint64 demands; // slot 0
        uint64 raises;
        uint40 attestations; // of facilities
        uint16 names;
        uint32 thresholds; // changes of them
    }

    uint40 internal constant _MAX_VALIDITY = 30 days;
    uint40 internal constant _AUDIT_WINDOW = 3 days;
    uint40 internal constant _CONTEST_TIME = 1 days;
    uint8 internal constant _MAX_CONTESTS = 2;

    bytes32 internal constant _ATTESTATION = keccak256(
        "Attestation(address auditor,uint64 demand,bytes32 content,uint40 validUntil,uint40 deadline)"
    );
    bytes32 internal constant _REFUSAL = keccak256(
        "DemandRefusal(address auditor,uint64 demand,bytes32 content,bytes32 reason,uint40 deadline)"
    );
    bytes32 internal constant _CONTEST = keccak256(
        "DemandContest(address auditor,uint64 demand,bytes32 content,bytes32 reason,uint40 deadline)"
    );

    /// @notice Most units that a recipient may have asked of a material, and that facts and raises may name.
    uint64 public constant MAX_UNITS = 1e12;

    /// @notice Most demands, or parcels, looked at in one call.
    uint256 public constant MAX_DEMANDS = 100;

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    Counts internal _counts;

    IDemandBook.Thresholds internal _thresholds;

    mapping(bytes32 region => uint64) internal _peopleInCare;

    mapping(address recipient => IDemandBook.Facility) internal _facilities;

    mapping(uint64 id => DemandRecord) internal _demands;

    /// @dev Open audited units by level, see `_keyOf`.
    mapping(uint256 scope => uint256) internal _totals;

    /// @dev A recipient's own, see `_accountKey` and `NeedAccount`.
    mapping(uint256 recipientAndMaterial => uint256) internal _accounts;

    /// @dev Provinces and emergencies are few, and are kept with a demand by their number.
    mapping(bytes32 name => uint16) internal _numbers;

    mapping(uint16 number => bytes32) internal _names;

    mapping(address recipient => mapping(uint64 lot => uint64)) internal _received;

    /// @dev Units of a parcel that are counted as handed out.
    mapping(uint64 parcel => uint64) internal _handedOut;

    mapping(uint64 id => IDemandBook.Raise) internal _raises;

    mapping(uint64 raised => mapping(address recipient => bool)) internal _hasClaimed;

    mapping(bytes32 emergency => mapping(bytes32 region => IDemandBook.FastPath)) internal
        _fastPaths;

    mapping(address recipient => IDemandBook.AuditDebt) internal _auditDebts;

    constructor(address accessManager, address participantRegistry)
        AccessManaged(References.required(accessManager))
        EIP712("Aidline DemandBook", "1")
    {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- shared reads ---

    function _knownDemand(uint64 id) internal view returns (DemandRecord storage record) {
        record = _demands[id];
        if (record.terms.status == IDemandBook.DemandStatus.NULL) {
            revert IDemandBook.UnknownDemand(id);
        }
    }

    function _openDemand(uint64 id) internal view returns (DemandRecord storage record) {
        record = _knownDemand(id);
        IDemandBook.DemandStatus status = _statusOf(record);
        if (status != IDemandBook.DemandStatus.OPEN) revert IDemandBook.DemandNotOpen(id, status);
    }

    /// @dev Stored is OPEN until it is withdrawn or has lapsed.
    function _statusOf(DemandRecord storage record)
        internal
        view
        returns (IDemandBook.DemandStatus status)
    {
        status = record.terms.status;
        if (status == IDemandBook.DemandStatus.OPEN && _openUnitsOf(record) == 0) {
            return IDemandBook.DemandStatus.MET;
        }
    }

    function _openUnitsOf(DemandRecord storage record) internal view returns (uint40) {
        return record.need.units - record.need.served;
    }

    function _requireActive(address account, IParticipantRegistry.Role role) internal view {
        registry.requireActive(account, role);
    }

    function _regionOf(address recipient) internal view returns (bytes32) {
        return registry.participant(recipient).region;
    }

    /// @dev Only what an auditor has attested moves a facility up.
    function _isVulnerable(address recipient) internal view returns (bool) {
        IDemandBook.Facility storage facts = _facilities[recipient];
        return facts.vulnerable && facts.attestedBy != address(0);
    }

    function _levelNow(DemandRecord storage record, bool vulnerable)
        internal
        view
        returns (IDemandBook.Level)
    {
        return Urgency.levelOf(
            record.stock,
            record.need.dailyUse,
            block.timestamp - record.factsAt,
            vulnerable,
            _thresholds
        );
    }

    /// @dev Whether `_update` would change nothing of an open demand that counts and whose recipient is active. Of one that does not count it is not known.
    function _isFresh(Need memory need, uint32 thresholds) internal view returns (bool) {
        return need.counted != IDemandBook.Level.NULL && block.timestamp < need.freshUntil
            && need.thresholds == thresholds;
    }

    function _isOver(uint40 until) private view returns (bool) {
        return until != 0 && block.timestamp >= until;
    }

    function _contentOf(uint64 id, DemandRecord storage record) internal view returns (bytes32) {
        Terms memory terms = record.terms;
        IDemandBook.Facility memory facts = _facilities[terms.recipient];
        bytes memory asked = _askedIn(id, record);
        return keccak256(
            bytes.concat(
                asked,
                abi.encode(
                    terms.neededBy,
                    record.audit.station,
                    _names[terms.emergency],
                    facts.peopleInCare,
                    facts.vulnerable,
                    record.audit.version
                )
            )
        );
    }

    function _keyOf(uint48 material, IMaterialLedger.EarmarkKind kind, uint16 number)
        internal
        pure
        returns (uint256)
    {
        return uint256(material) | uint256(kind) << 48 | uint256(number) << 56;
    }

    function _accountKey(address recipient, uint48 material) internal pure returns (uint256) {
        return uint256(uint160(recipient)) | uint256(material) << 160;
    }

    /// @dev The level under which an open demand counts as of now, given its `level`.
    function _countedNow(Terms memory terms, Audit memory audit, bool active)
        private
        view
        returns (IDemandBook.Level)
    {
        if (
            audit.firstUntil == 0 || block.timestamp < audit.contestedUntil || !active
                || block.timestamp >= terms.neededBy
        ) return IDemandBook.Level.NULL;
        if (audit.secondUntil != 0) return terms.level;
        if (audit.overCap || audit.refused) return IDemandBook.Level.NULL;
        return terms.level == IDemandBook.Level.CRITICAL ? IDemandBook.Level.HIGH : terms.level;
    }

    function _askedIn(uint64 id, DemandRecord storage record) private view returns (bytes memory) {
        Need memory need = record.need;
        return abi.encode(
            id,
            record.terms.recipient,
            need.material,
            need.units,
            record.stock,
            need.dailyUse,
            record.factsAt
        );
    }

    // --- shared writes ---

    /// @dev Brings a demand up to now in every respect.
    function _refresh(uint64 id, DemandRecord storage record) internal {
        Terms storage terms = record.terms;
        address recipient = terms.recipient;
        bool vulnerable = _isVulnerable(recipient);
        if (terms.vulnerable != vulnerable) terms.vulnerable = vulnerable;
        bool active = registry.isActive(recipient, IParticipantRegistry.Role.RECIPIENT);
        _update(id, record, active);
    }

    /// @dev Brings attestations, level and count up to now. What has ended does not count and keeps its level.
    function _update(uint64 id, DemandRecord storage record, bool active) internal {
        _lapseAttestations(id, record);
        if (_statusOf(record) != IDemandBook.DemandStatus.OPEN) return;
        IDemandBook.Level before = record.terms.level;
        IDemandBook.Level level = _levelNow(record, record.terms.vulnerable);
        if (level != before) {
            record.terms.level = level;
            emit IDemandBook.LevelChanged(id, before, level);
        }
        _setCounted(id, record, _countedNow(record.terms, record.audit, active));
        _noteFresh(record);
    }

    /// @dev A new version, so that no attestation of the former one can be used again, nor one that somebody kept back.
    function _endAttestations(DemandRecord storage record) internal {
        Audit storage audit = record.audit;
        audit.firstUntil = 0;
        audit.secondUntil = 0;
        audit.contestedUntil = 0;
        audit.contests = 0;
        ++audit.version;
    }

    /// @dev What is still open is no longer asked.
    function _end(uint64 id, DemandRecord storage record, IDemandBook.DemandStatus status)
        internal
    {
        _setCounted(id, record, IDemandBook.Level.NULL);
        record.terms.status = status;
        _accounts[
            _accountKey(record.terms.recipient, record.need.material)
        ] -= NeedAccount.asked(_openUnitsOf(record));
        emit IDemandBook.DemandEnded(id, status, record.need.served);
    }

    function _setCounted(uint64 id, DemandRecord storage record, IDemandBook.Level to) internal {
        IDemandBook.Level from = record.need.counted;
        if (from == to) return;
        uint40 open = _openUnitsOf(record);
        record.need.counted = to;
        emit IDemandBook.DemandCounted(id, to);
        _moveUnits(record, from, open, to, open);
    }

    /// @dev Moves open units in the totals of every scope in which the demand lies; NULL stands for none.
    function _moveUnits(
        DemandRecord storage record,
        IDemandBook.Level from,
        uint256 less,
        IDemandBook.Level to,
        uint256 more
    ) internal {
        uint48 material = record.need.material;
        // Differences may be negative: a word wraps round, and so does its sum with what they are taken from.
        unchecked {
            uint256 change = OpenUnits.word(to, more) - OpenUnits.word(from, less);
            _totals[_keyOf(material, IMaterialLedger.EarmarkKind.NONE, 0)] += change;
            uint256 own = NeedAccount.open(to, more) - NeedAccount.open(from, less);
            _changeInPlace(record.terms, material, own, change);
        }
    }

    /// @dev Changes the account of a demand's recipient by `own`, and by `change` the totals of every scope in which it lies, but
    /// for that of the material, which lines of one offer share.
    function _changeInPlace(Terms memory terms, uint48 material, uint256 own, uint256 change)
        internal
    {
        unchecked {
            _accounts[_accountKey(terms.recipient, material)] += own;
            _totals[_keyOf(material, IMaterialLedger.EarmarkKind.REGION, terms.province)] += change;
            if (terms.emergency == 0) return;
            _totals[
                    _keyOf(material, IMaterialLedger.EarmarkKind.EMERGENCY, terms.emergency)
                ] += change;
        }
    }

    /// @dev Notes from when on level or count may be others if nobody does anything: an attestation ends, or the stock is down to a threshold.
    function _noteFresh(DemandRecord storage record) private {
        Need storage need = record.need;
        uint256 factsAt = record.factsAt;
        uint256 until = factsAt
            + Urgency.changesAfter(
                record.stock, need.dailyUse, block.timestamp - factsAt, _thresholds
            );
        uint256 first = record.audit.firstUntil;
        uint256 second = record.audit.secondUntil;
        if (first < until) until = first;
        if (second != 0 && second < until) until = second;
        need.freshUntil = uint40(until);
        need.thresholds = _counts.thresholds;
    }

    /// @dev Each ends by itself, so that no auditor can shorten another's; one that is left is the first.
    function _lapseAttestations(uint64 id, DemandRecord storage record) private {
        Audit storage audit = record.audit;
        if (_isOver(audit.secondUntil)) {
            audit.secondUntil = 0;
            emit IDemandBook.AttestationLapsed(id, record.secondAuditor);
        }
        if (_isOver(audit.firstUntil)) {
            emit IDemandBook.AttestationLapsed(id, record.firstAuditor);
            audit.firstUntil = audit.secondUntil;
            audit.secondUntil = 0;
            record.firstAuditor = record.secondAuditor;
        }
    }
}
