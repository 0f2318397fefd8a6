// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICarrierAudit} from "../../interfaces/ICarrierAudit.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title CarrierAudit
/// @notice What auditors say of carriers: of the licence under which they drive, and of their tariff.
contract CarrierAudit is ICarrierAudit, EIP712, Nonces {
    /// @inheritdoc ICarrierAudit
    bytes32 public constant CARRIER_ATTESTATION_TYPEHASH = keccak256(
        "CarrierAttestation(address auditor,address carrier,uint8 paper,uint8 verdict,bytes32 document,uint40 validUntil,uint256 nonce,uint40 deadline)"
    );

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    mapping(address carrier => mapping(Paper => Word)) private _words;

    constructor(address participantRegistry) EIP712("Aidline CarrierAudit", "1") {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc ICarrierAudit
    function standingOf(address carrier) external view returns (Standing licence, Standing tariff) {
        return (_standing(carrier, Paper.LICENCE), _standing(carrier, Paper.TARIFF));
    }

    /// @inheritdoc ICarrierAudit
    function wordOf(address carrier, Paper paper) external view returns (Word memory) {
        return _words[carrier][paper];
    }

    // --- auditors ---

    /// @inheritdoc ICarrierAudit
    function attest(
        address carrier,
        Paper paper,
        Verdict verdict,
        bytes32 document,
        uint40 validUntil
    ) external {
        _useNonce(msg.sender);
        _record(msg.sender, carrier, paper, verdict, document, validUntil);
    }

    /// @inheritdoc ICarrierAudit
    function attestBySignature(CarrierAttestation calldata word, bytes calldata signature)
        external
    {
        if (block.timestamp > word.deadline) revert SignatureExpired(word.deadline);
        _useCheckedNonce(word.auditor, word.nonce);
        SignatureCheck.requireValid(
            word.auditor,
            _hashTypedDataV4(keccak256(abi.encode(CARRIER_ATTESTATION_TYPEHASH, word))),
            signature
        );
        _record(
            word.auditor, word.carrier, word.paper, word.verdict, word.document, word.validUntil
        );
    }

    // --- internal ---

    function _standing(address carrier, Paper paper) private view returns (Standing) {
        Word storage word = _words[carrier][paper];
        if (word.verdict == Verdict.NULL) return Standing.NONE;
        if (block.timestamp >= word.validUntil) return Standing.LAPSED;
        return word.verdict == Verdict.ATTESTED ? Standing.ATTESTED : Standing.REFUSED;
    }

    function _record(
        address auditor,
        address carrier,
        Paper paper,
        Verdict verdict,
        bytes32 document,
        uint40 validUntil
    ) private {
        if (paper == Paper.NULL) revert BadPaper();
        if (verdict == Verdict.NULL) revert BadVerdict();
        if (document == 0) revert NoDocument();
        if (validUntil <= block.timestamp) revert BadValidity(validUntil);
        _requireIndependent(auditor, carrier);

        _words[carrier][paper] = Word({
            auditor: auditor,
            at: uint40(block.timestamp),
            validUntil: validUntil,
            verdict: verdict,
            document: document
        });
        emit CarrierAttested(carrier, paper, auditor, verdict, document, validUntil);
    }

    /// @dev A suspended carrier may still be spoken of.
    function _requireIndependent(address auditor, address carrier) private view {
        IParticipantRegistry.Participant memory judged = registry.participant(carrier);
        if (judged.roles & (1 << uint256(IParticipantRegistry.Role.CARRIER)) == 0) {
            revert NotCarrier(carrier);
        }
        IParticipantRegistry.Participant memory judge = registry.participant(auditor);
        if (
            !registry.isActive(auditor, IParticipantRegistry.Role.AUDITOR)
                || !registry.isWithin(judged.region, judge.region)
                || judge.organisation == judged.organisation
        ) revert NotIndependent(carrier, auditor);
    }
}
