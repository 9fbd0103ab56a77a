namespace Ops.Data.Rollouts;

/// <summary>A stable serving address on a target.</summary>
public sealed class Endpoint
{
    private Endpoint()
    {
    }

    /// <summary>The key.</summary>
    public Guid Id { get; private init; }

    /// <summary>The unique name in <c>/serve/{name}</c>, an RFC 1123 label.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Where it runs.</summary>
    public Guid TargetId { get; private init; }

    /// <summary>Who made it.</summary>
    public Guid OwnerId { get; private init; }

    /// <summary>That person's name.</summary>
    public string OwnerName { get; private init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>The plan of the last rollout that succeeded: what it goes back to when a rollout ends otherwise.</summary>
    public Guid? StablePlanId { get; private set; }

    /// <summary>The one rollout that may act on it now.</summary>
    public Guid? ActiveRolloutId { get; private set; }

    /// <summary>When it was stopped for good, or null.</summary>
    public DateTimeOffset? RetiredAt { get; private set; }

    /// <summary>The <see cref="Accepted"/> changes as JSON, or null for none.</summary>
    public string? AcceptedJson { get; private set; }

    /// <summary>Changes that were made on the target past the dashboard and that people let stay.</summary>
    public IReadOnlyList<AcceptedChange> Accepted => AcceptedChange.Read(AcceptedJson);

    /// <summary>What was found changed on the target and is neither put back nor accepted, as JSON, or null for none. The dashboard that acts writes it, so that all can show it.</summary>
    public string? OpenJson { get; private set; }

    /// <summary>Changes on the target about which nobody has decided.</summary>
    public IReadOnlyList<OpenChange> Open => Accepted is { Count: > 0 } accepted ? [.. OpenChange.Read(OpenJson).Where(o => !accepted.Any(o.IsAccepted))] : OpenChange.Read(OpenJson);

    /// <summary>The wish of a person to have everything put back, until the dashboard that acts has done so; null for none.</summary>
    public Guid? PutBackAsk { get; private set; }

    /// <summary>
    /// How many replicas an autoscaler of the target had made of the stable plan when a rollout began: what whoever takes its place has to carry.
    /// Kept until the endpoint is as planned again, whichever way the rollout ends; null otherwise.
    /// </summary>
    public int? ScaledTo { get; private set; }

    /// <summary>Optimistic concurrency token.</summary>
    public int Revision { get; private set; }

    /// <summary>Makes an endpoint that serves nothing yet.</summary>
    public static Result<Endpoint> Create(string name, Guid targetId, Guid ownerId, string ownerName, DateTimeOffset now)
    {
        var check = Names.Check(name, "endpoint");
        return check.Succeeded
            ? new Endpoint { Id = Guid.CreateVersion7(now), Name = name, TargetId = targetId, OwnerId = ownerId, OwnerName = ownerName, CreatedAt = now }
            : check.Failure;
    }

    /// <summary>Lets changes stay that were made on the target, until the next rollout begins.</summary>
    public Result Accept(IReadOnlyCollection<AcceptedChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired.");
        }

        if (ActiveRolloutId is not null)
        {
            return Failure.Conflict($"A rollout is active on {Name}: it makes everything as planned.");
        }

        if (changes.Count == 0)
        {
            return Failure.Conflict("Everything is as planned by now.");
        }

        List<AcceptedChange> all = [.. Accepted.Where(a => !changes.Any(a.IsAbout)), .. changes];
        if (all.Count > AcceptedChange.Most)
        {
            return Failure.Conflict($"{Name} would have more than {AcceptedChange.Most} accepted changes. Put them back, or roll out what should run.");
        }

        AcceptedJson = AcceptedChange.Write(all);
        Revision++;
        return Result.Done;
    }

    /// <summary>Ends the acceptance of changes.</summary>
    /// <param name="which">Which.</param>
    /// <returns>Those that were accepted until now.</returns>
    public IReadOnlyList<AcceptedChange> EndAcceptance(Func<AcceptedChange, bool> which)
    {
        var ended = Accepted.Where(which).ToList();
        if (ended.Count > 0)
        {
            AcceptedJson = AcceptedChange.Write([.. Accepted.Where(a => !ended.Contains(a))]);
            Revision++;
        }

        return ended;
    }

    /// <summary>Has whoever acts put back what was changed and is not accepted.</summary>
    /// <param name="ask">Tells this wish apart from others.</param>
    public void AskPutBack(Guid ask)
    {
        PutBackAsk = ask;
        Revision++;
    }

    /// <summary>
    /// Notes what a pass has found changed and left so. That stands in nobody's way: people who decide meanwhile are not told to try again.
    /// </summary>
    /// <param name="open">The changes.</param>
    /// <param name="done">The wish that the pass has carried out, or null.</param>
    /// <returns>Whether that is news.</returns>
    public bool NoteOpen(IReadOnlyCollection<OpenChange> open, Guid? done)
    {
        var (json, ask) = (OpenChange.Write(open), PutBackAsk == done ? null : PutBackAsk);
        var isNew = (json, ask) != (OpenJson, PutBackAsk);
        (OpenJson, PutBackAsk) = (json, ask);
        return isNew;
    }

    /// <summary>Notes to how many replicas the stable plan is scaled as a rollout begins. What a rollout before has left half done counts for more than what it left there.</summary>
    public void HoldScale(int replicas) => ScaledTo = Math.Max(ScaledTo ?? 0, replicas);

    /// <summary>Leaves the number of replicas to the target's autoscaler again.</summary>
    public void ReleaseScale() => ScaledTo = null;

    /// <summary>Gives the endpoint to a rollout. Changes that were accepted before are so no longer.</summary>
    public Result Activate(Guid rolloutId)
    {
        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired.");
        }

        if (ActiveRolloutId is not null && ActiveRolloutId != rolloutId)
        {
            return Failure.Conflict($"Another rollout is active on {Name}.");
        }

        AcceptedJson = ActiveRolloutId == rolloutId ? AcceptedJson : null;
        ActiveRolloutId = rolloutId;
        Revision++;
        return Result.Done;
    }

    /// <summary>Takes the endpoint back from a rollout that ended; a plan given becomes the stable one.</summary>
    public Result Settle(Guid rolloutId, Guid? newStablePlanId)
    {
        if (ActiveRolloutId != rolloutId)
        {
            return Failure.Conflict($"That rollout is not the active one of {Name}.");
        }

        ActiveRolloutId = null;
        StablePlanId = newStablePlanId ?? StablePlanId;
        ScaledTo = newStablePlanId is null ? ScaledTo : null;
        Revision++;
        return Result.Done;
    }

    /// <summary>Stops serving for good; replicas are taken down.</summary>
    public Result Retire(DateTimeOffset now)
    {
        if (RetiredAt is not null)
        {
            return Failure.Conflict($"{Name} is retired already.");
        }

        if (ActiveRolloutId is not null)
        {
            return Failure.Conflict($"A rollout is active on {Name}. Abort it first.");
        }

        RetiredAt = now;
        (AcceptedJson, OpenJson, PutBackAsk, ScaledTo) = (null, null, null, null);
        Revision++;
        return Result.Done;
    }
}

/// <summary>A secret with which clients call an endpoint. Only its hash is kept.</summary>
public sealed class EndpointToken
{
    /// <summary>The key.</summary>
    public Guid Id { get; init; }

    /// <summary>The endpoint it opens.</summary>
    public Guid EndpointId { get; init; }

    /// <summary>What it is for.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 (hex) of the token.</summary>
    public required string Hash { get; init; }

    /// <summary>The first characters, to recognise it by.</summary>
    public required string Prefix { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedByName { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stopped working, or null.</summary>
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>Makes it stop working.</summary>
    public Result Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
        {
            return Failure.Conflict("That token is revoked already.");
        }

        RevokedAt = now;
        return Result.Done;
    }
}
