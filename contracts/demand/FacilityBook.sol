// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {DemandStore} from "./DemandStore.sol";

/// @title FacilityBook
/// @notice The part of DemandOffice that keeps the facts of facilities, and who may audit them.
abstract contract FacilityBook is DemandStore {
    // --- recipients ---

    /// @notice See `IDemandBook.declareFacility`.
    function declareFacility(uint32 people, bool vulnerable) external {
        _requireActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        if (people == 0) revert IDemandBook.ZeroPeople();

        IDemandBook.Facility storage record = _facilities[msg.sender];
        if (record.attestedBy != address(0)) _drop(msg.sender, record);
        record.peopleInCare = people;
        record.vulnerable = vulnerable;
        emit IDemandBook.FacilityDeclared(msg.sender, people, vulnerable);
    }

    // --- auditors ---

    /// @notice See `IDemandBook.attestFacility`.
    function attestFacility(address recipient, uint32 people, bool vulnerable) external {
        IDemandBook.Facility storage record = _facilities[recipient];
        if (record.peopleInCare == 0) revert IDemandBook.NotDeclared(recipient);
        if (record.attestedBy != address(0)) {
            revert IDemandBook.FacilityAlreadyAttested(recipient);
        }
        // Declared anew before the auditor's transaction came in: not what it has seen.
        if (record.peopleInCare != people || record.vulnerable != vulnerable) {
            revert IDemandBook.FacilityChanged(recipient, record.peopleInCare, record.vulnerable);
        }
        _requireAuditorOf(msg.sender, recipient);

        record.attestedBy = msg.sender;
        record.attestation = ++_counts.attestations;
        emit IDemandBook.FacilityAttested(recipient, msg.sender);
        _countPeople(_regionOf(recipient), 0, people);
    }

    // --- anyone ---

    /// @notice See `IDemandBook.dropFacility`.
    function dropFacility(address recipient) external {
        IDemandBook.Facility storage record = _facilities[recipient];
        if (record.attestedBy == address(0)) revert IDemandBook.NotAttestedFacility(recipient);
        if (registry.isActive(recipient, IParticipantRegistry.Role.RECIPIENT)) {
            revert IDemandBook.RecipientIsActive(recipient);
        }

        _drop(recipient, record);
        emit IDemandBook.FacilityDropped(recipient, record.peopleInCare);
    }

    // --- shared reads ---

    /// @dev An active auditor of another organisation, in whose region the recipient lies.
    function _requireAuditorOf(address auditor, address recipient) internal view {
        _requireActive(auditor, IParticipantRegistry.Role.AUDITOR);
        _requireApart(auditor, recipient);
        bytes32 region = _regionOf(recipient);
        if (!registry.isWithin(region, _regionOf(auditor))) {
            revert IDemandBook.OutsideAuditorsRegion(auditor, region);
        }
    }

    function _requireApart(address auditor, address other) internal view {
        if (registry.participant(auditor).organisation == registry.participant(other).organisation)
        {
            revert IDemandBook.SameOrganisation(auditor, other);
        }
    }

    // --- own writes ---

    function _drop(address recipient, IDemandBook.Facility storage record) private {
        record.attestedBy = address(0);
        record.attestation = 0;
        _countPeople(_regionOf(recipient), record.peopleInCare, 0);
    }

    /// @dev At most four regions: the registry bounds the depth, and neither a participant's region nor a region's place ever changes.
    function _countPeople(bytes32 region, uint64 less, uint64 more) private {
        while (region != 0) {
            _peopleInCare[region] = _peopleInCare[region] - less + more;
            region = registry.parentOf(region);
        }
    }
}
