// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IIncidentBoard
/// @notice Incidents with goods: declared by an auditor, answered by who answered for the goods, decided by a second party; kept for ever.
/// @dev The party is never chosen by who declares: it is the one whom `MaterialLedger.responsibleAt` names. Trust: two organisations, the one
/// that declares and the one that decides, judge the evidence; neither alone can uphold an incident, and nobody can take one out of a record.
/// An incident moves no goods and no money.
interface IIncidentBoard {
    /// @notice What became of the goods.
    enum IncidentKind {
        NULL,
        EMBEZZLED,
        DIVERTED,
        COUNTERFEIT,
        SPOILED
    }

    /// @notice Where an incident is in its life; derived from what is stored and from the time.
    enum IncidentStatus {
        NULL,
        DECLARED,
        ANSWERED,
        UPHELD,
        DISMISSED,
        LAPSED
    }

    /// @notice An incident.
    /// @param party Who answered for the parcels at `at`, as the ledger told when it was declared.
    /// @param at Unix seconds at which it happened. @param declaredAt Unix seconds.
    /// @param outcome UPHELD or DISMISSED once decided, else NULL.
    /// @param declaredBy The auditor. @param answeredAt Unix seconds; zero when unanswered. @param decidedAt Unix seconds; zero when undecided.
    /// @param decidedBy The second auditor, or the arbiter.
    /// @param evidence Hash of what the declaration rests on. @param answer Hash of the party's answer. @param reasons Hash of the decision's reasons.
    struct Incident {
        address party; // slot 0
        uint40 at;
        uint40 declaredAt;
        IncidentKind kind;
        IncidentStatus outcome;
        address declaredBy; // slot 1
        uint40 answeredAt;
        uint40 decidedAt;
        address decidedBy; // slot 2
        bytes32 evidence; // slot 3
        bytes32 answer; // slot 4
        bytes32 reasons; // slot 5
    }

    /// @notice What stands against a party's name. Counts only grow; those declared and not decided are open or have lapsed.
    /// @param embezzled Upheld as such; so the three after it.
    struct Record {
        uint32 declared; // slot 0
        uint32 upheld;
        uint32 dismissed;
        uint32 embezzled;
        uint32 diverted;
        uint32 counterfeit;
        uint32 spoiled;
    }

    event IncidentDeclared(
        uint64 indexed incident,
        address indexed party,
        address indexed declaredBy,
        IncidentKind kind,
        uint40 at,
        uint64[] parcels,
        bytes32 evidence
    );
    event IncidentAnswered(uint64 indexed incident, address indexed party, bytes32 answer);
    event IncidentDecided(
        uint64 indexed incident,
        address indexed party,
        address indexed decidedBy,
        IncidentStatus outcome,
        bytes32 reasons
    );

    error NoKind();
    error NoEvidence();
    error NoParcels();
    error TooManyParcels(uint256 given, uint256 most);
    /// @notice Parcels are listed in rising order, each once.
    error ParcelsNotAscending(uint64 parcel);
    error InFuture(uint40 at);
    /// @notice Nobody answered for the parcel at that time: it was not there yet.
    error NobodyAnswered(uint64 parcel, uint40 at);
    /// @notice Another party answered for this parcel at that time.
    error NotAnsweredBy(uint64 parcel, address party, address responsible);
    /// @notice The same evidence was brought against this party for the same kind before.
    error AlreadyDeclared(uint64 incident);
    error UnknownIncident(uint64 incident);
    error NotParty(uint64 incident, address caller);
    /// @notice Answered, decided or over.
    error IncidentWrongStatus(uint64 incident, IncidentStatus status);
    error AnswerTooLate(uint64 incident, uint40 until);
    error TooEarly(uint64 incident, uint40 notBefore);
    /// @notice Neither an active auditor nor an active arbiter.
    error NotJudge(address caller);
    /// @notice Who judges belongs to the same organisation as this one.
    error OneOrganisation(address caller, address other);
    error BadOutcome(IncidentStatus outcome);

    /// @notice Most parcels in one incident.
    function MAX_PARCELS() external view returns (uint256);

    /// @notice Seconds that the party has to answer, from the declaration on.
    function ANSWER_WINDOW() external view returns (uint40);

    /// @notice Seconds from the declaration after which what is undecided has lapsed.
    function DECISION_WINDOW() external view returns (uint40);

    /// @notice The incident. @dev Reverts with `UnknownIncident`.
    function incident(uint64 id) external view returns (Incident memory);

    /// @notice Where the incident is in its life, now. @dev Reverts with `UnknownIncident`.
    function statusOf(uint64 id) external view returns (IncidentStatus);

    /// @notice The parcels of an incident, rising. @dev Reverts with `UnknownIncident`.
    function parcelsOf(uint64 id) external view returns (uint64[] memory);

    /// @notice What stands against a party's name.
    function recordOf(address party) external view returns (Record memory);

    /// @notice The incidents of a party, oldest first: at most `most`, from the `skip`-th on.
    function incidentsOf(address party, uint256 skip, uint256 most)
        external
        view
        returns (uint64[] memory);

    /// @notice Number of incidents, which carry the ids 1 to this.
    function incidentCount() external view returns (uint64);

    /// @notice Declares that parcels met with an incident at `at`; names the party that answered for all of them then.
    /// @dev Only an active auditor of another organisation than the party's. Emits `IncidentDeclared`.
    /// @param parcels 1 to 16, rising. @param at Unix seconds, not in the future. @param evidence Hash of what it rests on.
    function declare(IncidentKind kind, uint64[] calldata parcels, uint40 at, bytes32 evidence)
        external
        returns (uint64 id);

    /// @notice The party answers, once, within `ANSWER_WINDOW`, suspended or not. @dev Emits `IncidentAnswered`.
    function answer(uint64 id, bytes32 answerHash) external;

    /// @notice Upholds or dismisses, after the answer or its window, before `DECISION_WINDOW` is over.
    /// @dev Only an active auditor or arbiter of another organisation than the declaring auditor's and than the party's. Upheld only while the
    /// ledger still names the party for every parcel: a handover signed in time may have been brought late. Emits `IncidentDecided`.
    /// @param outcome UPHELD or DISMISSED. @param reasons Hash of the reasons.
    function decide(uint64 id, IncidentStatus outcome, bytes32 reasons) external;
}
