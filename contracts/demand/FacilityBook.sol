// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title FacilityBook
/// @notice The part of DemandBook that keeps the facts of facilities, and who may audit them.
abstract contract FacilityBook is IDemandBook {
    /// @dev Where a facility is, as the registry said at its first declaration: demands are counted by it, so it never
    /// changes here.
    struct Place {
        bytes32 facility; // slot 0
        bytes32 region; // slot 1
        bytes32 province; // slot 2
    }

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry internal immutable registry;

    /// @inheritdoc IDemandBook
    mapping(bytes32 region => uint64) public peopleInCare;

    /// @dev Attestations of facilities so far.
    uint40 internal _attestations;

    mapping(address recipient => Facility) internal _facilities;

    mapping(address recipient => Place) internal _places;

    constructor(address participantRegistry) {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc IDemandBook
    function facility(address recipient) external view returns (Facility memory) {
        return _facilities[recipient];
    }

    // --- recipients ---

    /// @inheritdoc IDemandBook
    function declareFacility(uint32 people, bool vulnerable) external {
        _requireActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        if (people == 0) revert ZeroPeople();

        Facility storage record = _facilities[msg.sender];
        if (record.peopleInCare == 0) _locate(msg.sender);
        if (record.attestedBy != address(0)) _drop(msg.sender, record);
        record.peopleInCare = people;
        record.vulnerable = vulnerable;
        emit FacilityDeclared(msg.sender, people, vulnerable);
    }

    // --- auditors ---

    /// @inheritdoc IDemandBook
    function attestFacility(address recipient, uint32 people, bool vulnerable) external {
        Facility storage record = _facilities[recipient];
        if (record.peopleInCare == 0) revert NotDeclared(recipient);
        if (record.attestedBy != address(0)) revert FacilityAlreadyAttested(recipient);
        // Declared anew before the auditor's transaction came in: not what it has seen.
        if (record.peopleInCare != people || record.vulnerable != vulnerable) {
            revert FacilityChanged(recipient, record.peopleInCare, record.vulnerable);
        }
        _requireAuditorOf(msg.sender, recipient);

        record.attestedBy = msg.sender;
        record.attestation = ++_attestations;
        emit FacilityAttested(recipient, msg.sender);
        _countPeople(_places[recipient].region, 0, people);
    }

    // --- anyone ---

    /// @inheritdoc IDemandBook
    function dropFacility(address recipient) external {
        Facility storage record = _facilities[recipient];
        if (record.attestedBy == address(0)) revert NotAttestedFacility(recipient);
        if (registry.isActive(recipient, IParticipantRegistry.Role.RECIPIENT)) {
            revert RecipientIsActive(recipient);
        }

        _drop(recipient, record);
        emit FacilityDropped(recipient, record.peopleInCare);
    }

    // --- shared reads ---

    /// @dev An active auditor of another organisation, in whose region the recipient lies.
    function _requireAuditorOf(address auditor, address recipient) internal view {
        _requireActive(auditor, IParticipantRegistry.Role.AUDITOR);
        IParticipantRegistry.Participant memory who = _participant(auditor);
        if (who.organisation == _participant(recipient).organisation) {
            revert SameOrganisation(auditor, recipient);
        }
        bytes32 region = _places[recipient].region;
        if (!registry.isWithin(region, who.region)) revert OutsideAuditorsRegion(auditor, region);
    }

    function _requireActive(address account, IParticipantRegistry.Role role) internal view {
        registry.requireActive(account, role);
    }

    function _participant(address account)
        internal
        view
        returns (IParticipantRegistry.Participant memory)
    {
        return registry.participant(account);
    }

    /// @dev Only what an auditor has attested moves a facility up.
    function _isVulnerable(address recipient) internal view returns (bool) {
        Facility storage record = _facilities[recipient];
        return record.vulnerable && record.attestedBy != address(0);
    }

    // --- own writes ---

    function _locate(address recipient) private {
        IParticipantRegistry.Participant memory who = _participant(recipient);
        _places[recipient] = Place({
            facility: who.facility, region: who.region, province: registry.provinceOf(who.region)
        });
    }

    function _drop(address recipient, Facility storage record) private {
        record.attestedBy = address(0);
        record.attestation = 0;
        _countPeople(_places[recipient].region, record.peopleInCare, 0);
    }

    /// @dev At most four regions: the registry bounds the depth.
    function _countPeople(bytes32 region, uint64 less, uint64 more) private {
        while (region != 0) {
            peopleInCare[region] = peopleInCare[region] - less + more;
            region = registry.parentOf(region);
        }
    }
}
