// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ICorridorBook
/// @notice Standing agreements: who takes the lead of a corridor between two provinces, for how long, at which tariff.
/// @dev The lead is a carrier or a platform company (a solver). A coordinator authorises it, both sign or call. It plans trunk legs of the corridor (`IRouteBook`), and nobody else
/// but a coordinator does meanwhile; bookings stay free to all. The tariff is what it has promised to the public; freight above it can be seen by anyone.
/// Trust: coordinators authorise whom a corridor can be left to, for at most a year; they and the lead can end it at any time.
interface ICorridorBook {
    /// @notice What both agree on; its EIP-712 struct hash is the agreement's id, good once.
    /// @param from Province where legs begin. @param to Province where they end. @param start Unix second from which it holds. @param end Unix second from which it no longer does.
    /// @param perLoad Most freight of a load, base units of the currency. @param perUnit Most for each unit, beside. @param perKilometre Most for each kilometre as the crow flies, beside.
    /// @param deadline Last unix second at which it can be recorded.
    struct Agreement {
        address lead;
        address coordinator;
        bytes32 from;
        bytes32 to;
        uint40 start;
        uint40 end;
        uint128 perLoad;
        uint128 perUnit;
        uint128 perKilometre;
        bytes32 salt;
        uint40 deadline;
    }

    event LeadAuthorised(
        bytes32 indexed agreement,
        address indexed lead,
        address indexed coordinator,
        Agreement terms
    );
    event LeadEnded(bytes32 indexed agreement, address indexed by);

    error NotAProvince(bytes32 region);
    error BadTerm(uint40 start, uint40 end);
    error Expired(uint40 deadline);
    error NotLead(address account);
    error AgreementUsed(bytes32 agreement);
    /// @notice Another agreement holds, or is to hold, until then.
    error CorridorTaken(bytes32 agreement, uint40 end);
    error UnknownAgreement(bytes32 agreement);
    /// @notice It has ended already.
    error Ended(bytes32 agreement);
    error NotParty(bytes32 agreement, address caller);

    /// @notice Longest that an agreement holds, seconds.
    function LONGEST() external view returns (uint40);

    /// @notice Who leads the corridor now; zero for nobody, also while the lead is suspended.
    function leadOf(bytes32 from, bytes32 to) external view returns (address);

    /// @notice The newest agreement about a corridor, or zero; it may be over.
    function agreementOf(bytes32 from, bytes32 to) external view returns (bytes32);

    /// @notice The agreement; `end` is when it was ended, if that came earlier. @dev Reverts with `UnknownAgreement`.
    function agreement(bytes32 id) external view returns (Agreement memory);

    /// @notice Most freight of a load of so many units over so many metres, by the tariff; kilometres are rounded up. @dev Reverts with `UnknownAgreement`.
    function freightOf(bytes32 id, uint64 units, uint256 metres) external view returns (uint128);

    /// @notice EIP-712 struct hash of an agreement.
    function hashAgreement(Agreement calldata terms) external view returns (bytes32);

    /// @notice `Agreement(address lead,address coordinator,bytes32 from,bytes32 to,uint40 start,uint40 end,uint128 perLoad,uint128 perUnit,uint128 perKilometre,bytes32 salt,uint40 deadline)`, signed by both.
    function AGREEMENT_TYPEHASH() external view returns (bytes32);

    /// @notice Records an agreement between an active coordinator and an active carrier or solver. Anyone may submit it; who calls need not sign for itself.
    /// @dev Emits `LeadAuthorised`. A corridor has one lead at a time.
    function authorise(
        Agreement calldata terms,
        bytes calldata coordinatorSignature,
        bytes calldata leadSignature
    ) external returns (bytes32 id);

    /// @notice The lead, or any active coordinator, ends an agreement at once. @dev Emits `LeadEnded`.
    function end(bytes32 id) external;
}
