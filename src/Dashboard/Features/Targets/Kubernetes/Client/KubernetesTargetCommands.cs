using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.Monitoring.Prometheus;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What was entered about a cluster.</summary>
internal sealed record KubernetesTargetInput
{
    /// <summary>The target's name; not looked at when it is changed.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it is for.</summary>
    public TargetEnvironment Environment { get; init; }

    /// <summary>Everything but secrets.</summary>
    public required KubernetesTargetSettings Settings { get; init; }

    /// <summary>The kubeconfig; null or empty to keep the one that is stored.</summary>
    public string? Kubeconfig { get; init; }
}

/// <summary>Adds, changes and retires targets that are clusters. A kubeconfig goes in and never comes out: neither a result nor the audit has it.</summary>
internal sealed class KubernetesTargetCommands(
    CommandRunner commands, IDbContextFactory<RegistryDb> databases, ClusterFactory factory, ClusterConnections connections, TargetSecrets secrets, PrometheusClient prometheus, TargetsFeed feed)
{
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Tries a cluster as it was entered, without saving anything.</summary>
    /// <param name="caller">Who; needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="targetId">The target whose stored kubeconfig is used when none was entered; null for a new one.</param>
    /// <param name="input">What was entered.</param>
    /// <param name="progress">Hears of each check as soon as it is done; or null.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result<IReadOnlyList<ClusterCheck>>> TestAsync(Caller caller, Guid? targetId, KubernetesTargetInput input, IProgress<ClusterCheck>? progress, CancellationToken cancellation = default)
    {
        // Before anything is asked of an address that somebody without the right has chosen.
        var right = await commands.CheckAsync(caller, "target.test", Right.ManageTargets, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        var read = await ReadAsync(targetId, input, cancellation);
        if (!read.Succeeded)
        {
            return read.Failure;
        }

        using var access = read.Value.Access;
        using var api = factory.MakeApi(access);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TestTimeout);
        try
        {
            return Result.Of(await ClusterChecker.RunAsync(api, read.Value.Settings, prometheus, progress, limit.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Failure.Unavailable("The cluster did not answer everything within a minute.");
        }
    }

    /// <summary>Adds a target. It need not answer now: it is shown as down until it does.</summary>
    /// <returns>Its key.</returns>
    public async Task<Result<Guid>> AddAsync(Caller caller, KubernetesTargetInput input, string? reason = null, CancellationToken cancellation = default)
    {
        const string Action = "target.add";
        var right = await commands.CheckAsync(caller, Action, Right.ManageTargets, cancellation);
        var read = right.Succeeded ? await ReadAsync(null, input, cancellation) : right.Failure;
        if (!read.Succeeded)
        {
            return read.Failure;
        }

        read.Value.Access.Dispose();
        var (settings, id) = (read.Value.Settings, Guid.CreateVersion7());
        return await commands.RunAsync<Guid>(caller, Action, Right.ManageTargets, async (scope, token) =>
        {
            scope.About("target", id, input.Name);
            if (!Enum.IsDefined(input.Environment))
            {
                return Failure.Invalid("Choose dev, staging or production.", "environment");
            }

            if (await scope.Db.Targets.AnyAsync(t => t.Name == input.Name, token))
            {
                return Failure.Conflict("There is a target of this name. Choose another one.") with { Field = "name" };
            }

            var made = Target.Create(new()
            {
                Id = id,
                Name = input.Name,
                Kind = TargetKinds.Kubernetes,
                Environment = input.Environment,
                SettingsJson = settings.Write(),
                ProtectedSecrets = secrets.Protect(id, read.Value.Kubeconfig),
                ByName = scope.Person.UserName ?? "",
                Now = scope.Now,
            });
            if (!made.Succeeded)
            {
                return made.Failure;
            }

            scope.Db.Targets.Add(made.Value);
            scope.Audit("target", id, input.Name, after: new { TargetKinds.Kubernetes, input.Environment, Settings = settings }, reason: reason);
            scope.AfterCommit(Tell);
            return id;
        }, cancellation);
    }

    /// <summary>Changes how a cluster is reached and what may run on it. Its environment is changed by <see cref="TargetCommands"/>.</summary>
    /// <param name="caller">Who; needs <see cref="Right.ManageTargets"/>.</param>
    /// <param name="targetId">The target.</param>
    /// <param name="revision">The revision that the person saw; a newer one is a conflict.</param>
    /// <param name="input">What was entered.</param>
    /// <param name="reason">Why, for the audit.</param>
    /// <param name="cancellation">Gives up before the commit.</param>
    public async Task<Result> ChangeAsync(Caller caller, Guid targetId, int revision, KubernetesTargetInput input, string? reason = null, CancellationToken cancellation = default)
    {
        const string Action = "target.change";
        var right = await commands.CheckAsync(caller, Action, Right.ManageTargets, cancellation);
        var read = right.Succeeded ? await ReadAsync(targetId, input, cancellation) : right.Failure;
        if (!read.Succeeded)
        {
            return read.Failure;
        }

        read.Value.Access.Dispose();
        return await commands.RunAsync(caller, Action, Right.ManageTargets, async (scope, token) =>
        {
            var target = await scope.Db.Targets.SingleAsync(t => t.Id == targetId, token);
            scope.About("target", target.Id, target.Name);
            if (target.Revision != revision)
            {
                return Failure.Conflict("Somebody else changed this target meanwhile. Look at it again, then repeat your change.");
            }

            var before = KubernetesTargetSettings.Read(target.SettingsJson);
            if (before.Namespace != read.Value.Settings.Namespace && await InUseAsync(scope, targetId, token) is { } users)
            {
                return Failure.Conflict($"The namespace stays while {users} on this target. Add another target for the other namespace.") with { Field = "namespace" };
            }

            var changed = target.Change(read.Value.Settings.Write(), secrets.Protect(target.Id, read.Value.Kubeconfig), scope.Person.UserName ?? "", scope.Now);
            if (changed.Succeeded)
            {
                scope.Audit(
                    "target", target.Id, target.Name, new { Settings = before }, new { Settings = read.Value.Settings, Kubeconfig = string.IsNullOrWhiteSpace(input.Kubeconfig) ? "kept" : "replaced" }, reason);
                scope.AfterCommit(Tell);
            }

            return changed;
        }, cancellation);
    }

    /// <summary>Takes a target out of use. Refused while endpoints are on it.</summary>
    public Task<Result> RetireAsync(Caller caller, Guid targetId, int revision, string? reason, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "target.retire", Right.ManageTargets, async (scope, token) =>
        {
            if (await scope.Db.Targets.SingleOrDefaultAsync(t => t.Id == targetId, token) is not { } target)
            {
                return Failure.NotFound("There is no such target.");
            }

            scope.About("target", target.Id, target.Name);
            if (target.Revision != revision)
            {
                return Failure.Conflict("Somebody else changed this target meanwhile. Look at it again, then repeat your change.");
            }

            if (await InUseAsync(scope, targetId, token) is { } users)
            {
                return Failure.Conflict($"{target.Name} is in use: {users} on it. Stop what runs there first.");
            }

            var retired = target.Retire(scope.Person.UserName ?? "", scope.Now);
            if (retired.Succeeded)
            {
                scope.Audit("target", target.Id, target.Name, new { Retired = false }, new { Retired = true }, reason);
                scope.AfterCommit(Tell);
            }

            return retired;
        }, cancellation);

    /// <summary>Takes a target back into use.</summary>
    public Task<Result> RestoreAsync(Caller caller, Guid targetId, string? reason, CancellationToken cancellation = default) =>
        commands.RunAsync(caller, "target.restore", Right.ManageTargets, async (scope, token) =>
        {
            if (await scope.Db.Targets.SingleOrDefaultAsync(t => t.Id == targetId, token) is not { } target)
            {
                return Failure.NotFound("There is no such target.");
            }

            scope.About("target", target.Id, target.Name);
            var restored = target.Restore(scope.Person.UserName ?? "", scope.Now);
            if (restored.Succeeded)
            {
                scope.Audit("target", target.Id, target.Name, new { Retired = true }, new { Retired = false }, reason);
                scope.AfterCommit(Tell);
            }

            return restored;
        }, cancellation);

    /// <summary>Reads and checks what was entered, with the stored kubeconfig where none was.</summary>
    private async Task<Result<Wanted>> ReadAsync(Guid? targetId, KubernetesTargetInput input, CancellationToken cancellation)
    {
        string? kept = null;
        if (targetId is { } id)
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            if (await db.Targets.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id && t.Kind == TargetKinds.Kubernetes, cancellation) is not { } target)
            {
                return Failure.NotFound("There is no such cluster.");
            }

            try
            {
                kept = secrets.Unprotect(id, target.ProtectedSecrets);
            }
            catch (CryptographicException)
            {
                // What cannot be read any more has to be entered anew.
            }
        }
        else if (Names.Check(input.Name, "name") is { Succeeded: false } name)
        {
            return name.Failure!;
        }

        var settings = input.Settings.Clean();
        var check = settings.Check();
        if (!check.Succeeded)
        {
            return check.Failure;
        }

        var kubeconfig = settings.InCluster || settings.MachineKubeconfig ? null : string.IsNullOrWhiteSpace(input.Kubeconfig) ? kept : input.Kubeconfig;
        var access = factory.MakeAccess(settings, kubeconfig);
        return access.Succeeded ? Result.Of(new Wanted(settings, kubeconfig, access.Value)) : access.Failure;
    }

    private static async Task<string?> InUseAsync(CommandScope scope, Guid targetId, CancellationToken cancellation)
    {
        var names = await scope.Db.Endpoints.Where(e => e.TargetId == targetId && e.RetiredAt == null).OrderBy(e => e.Name).Select(e => e.Name).Take(4).ToListAsync(cancellation);
        return names.Count == 0 ? null : names.Count == 1 ? $"{names[0]} is" : $"{string.Join(", ", names.Take(3))}{(names.Count > 3 ? " and others" : "")} are";
    }

    private void Tell()
    {
        connections.Wake();
        feed.Refresh();
    }

    private sealed record Wanted(KubernetesTargetSettings Settings, string? Kubeconfig, ClusterAccess Access);
}
