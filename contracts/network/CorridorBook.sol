// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICorridorBook} from "../../interfaces/ICorridorBook.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title CorridorBook
/// @notice Standing agreements: who takes the lead of a corridor between two provinces, for how long, at which tariff.
contract CorridorBook is ICorridorBook, EIP712 {
    /// @inheritdoc ICorridorBook
    bytes32 public constant AGREEMENT_TYPEHASH = keccak256(
        "Agreement(address lead,address coordinator,bytes32 from,bytes32 to,uint40 start,uint40 end,uint128 perLoad,uint128 perUnit,uint128 perKilometre,bytes32 salt,uint40 deadline)"
    );
    /// @inheritdoc ICorridorBook
    uint40 public constant LONGEST = 366 days;

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    mapping(bytes32 id => Agreement) private _agreements;
    mapping(bytes32 from => mapping(bytes32 to => bytes32 id)) private _newest;

    constructor(address participantRegistry) EIP712("Aidline CorridorBook", "1") {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc ICorridorBook
    function leadOf(bytes32 from, bytes32 to) external view returns (address) {
        Agreement storage newest = _agreements[_newest[from][to]];
        if (block.timestamp < newest.start || block.timestamp >= newest.end) return address(0);
        address lead = newest.lead;
        return _canLead(lead) ? lead : address(0);
    }

    /// @inheritdoc ICorridorBook
    function agreementOf(bytes32 from, bytes32 to) external view returns (bytes32) {
        return _newest[from][to];
    }

    /// @inheritdoc ICorridorBook
    function agreement(bytes32 id) external view returns (Agreement memory) {
        return _known(id);
    }

    /// @inheritdoc ICorridorBook
    function freightOf(bytes32 id, uint64 units, uint256 metres) external view returns (uint128) {
        Agreement storage terms = _known(id);
        return terms.perLoad + terms.perUnit * units + terms.perKilometre
            * uint128(Math.ceilDiv(metres, 1_000));
    }

    /// @inheritdoc ICorridorBook
    function hashAgreement(Agreement calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(AGREEMENT_TYPEHASH, terms));
    }

    // --- anyone, with the signatures of both ---

    /// @inheritdoc ICorridorBook
    function authorise(
        Agreement calldata terms,
        bytes calldata coordinatorSignature,
        bytes calldata leadSignature
    ) external returns (bytes32 id) {
        if (block.timestamp > terms.deadline) {
            revert Expired(terms.deadline);
        }
        id = hashAgreement(terms);
        if (_agreements[id].lead != address(0)) revert AgreementUsed(id);
        _requireProvince(terms.from);
        _requireProvince(terms.to);
        bool isAhead = terms.end > block.timestamp && terms.end > terms.start;
        if (!isAhead || terms.end > block.timestamp + LONGEST) {
            revert BadTerm(terms.start, terms.end);
        }
        registry.requireActive(terms.coordinator, IParticipantRegistry.Role.COORDINATOR);
        if (!_canLead(terms.lead)) revert NotLead(terms.lead);
        bytes32 before = _newest[terms.from][terms.to];
        uint40 until = _agreements[before].end;
        if (until > block.timestamp) revert CorridorTaken(before, until);
        _requireSigned(terms.coordinator, id, coordinatorSignature);
        _requireSigned(terms.lead, id, leadSignature);

        _agreements[id] = terms;
        _newest[terms.from][terms.to] = id;
        emit LeadAuthorised(id, terms.lead, terms.coordinator, terms);
    }

    // --- the lead, coordinators ---

    /// @inheritdoc ICorridorBook
    function end(bytes32 id) external {
        Agreement storage terms = _known(id);
        bool isParty = msg.sender == terms.lead
            || registry.isActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        if (!isParty) revert NotParty(id, msg.sender);
        if (block.timestamp >= terms.end) revert Ended(id);
        terms.end = uint40(block.timestamp);
        emit LeadEnded(id, msg.sender);
    }

    // --- internal reads ---

    function _known(bytes32 id) private view returns (Agreement storage terms) {
        terms = _agreements[id];
        if (terms.lead == address(0)) revert UnknownAgreement(id);
    }

    function _canLead(address account) private view returns (bool) {
        return registry.isActive(account, IParticipantRegistry.Role.CARRIER)
            || registry.isActive(account, IParticipantRegistry.Role.SOLVER);
    }

    function _requireProvince(bytes32 region) private view {
        if (registry.provinceOf(region) != region) revert NotAProvince(region);
    }

    function _requireSigned(address party, bytes32 id, bytes calldata signature) private view {
        if (msg.sender == party) return;
        SignatureCheck.requireValid(party, _hashTypedDataV4(id), signature);
    }
}
