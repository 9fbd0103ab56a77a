namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>Turns what git said into what is wrong and what an administrator can do. Git runs with LC_ALL=C, so its words are these.</summary>
internal static class GitErrors
{
    private const int MaxShown = 300;

    private static readonly (StoreProblem Problem, string Advice, string[] Signs)[] Known =
    [
        (StoreProblem.Certificate, "The server's certificate or host key is not trusted. Check the certificate authority or the known hosts in the store's settings.",
            ["SSL certificate", "server certificate verification failed", "certificate signed by unknown authority", "Host key verification failed", "REMOTE HOST IDENTIFICATION"]),
        (StoreProblem.Credentials, "The server does not take the token or key. Enter a new one in the store's settings.",
            ["Authentication failed", "could not read Username", "could not read Password", "Permission denied (", "error: 401", "Authorization error", "Authentication required", "HTTP Basic: Access denied"]),
        (StoreProblem.Forbidden, "The token or key may not do this. It must be allowed to read and to push branches, tags and other refs.",
            ["error: 403", "Permission to ", "deny updating a hidden ref", "protected branch", "Permission denied", "denied to"]),
        (StoreProblem.NoSuchPlace, "There is no such repository, or the token or key may not see it. Make it, or correct the address.",
            ["not found", "does not appear to be a git repository", "error: 404", "not a git repository"]),
        (StoreProblem.Unreachable, "The server cannot be reached. It is tried again.",
            ["Could not resolve host", "Failed to connect", "Connection refused", "Connection reset", "timed out", "unable to access", "early EOF", "hung up", "RPC failed", "Operation too slow", "unexpected disconnect", "Empty reply", "dial tcp", "i/o timeout", "Could not read from remote repository"]),
    ];

    /// <summary>Whether a push was refused because somebody else pushed first, which is tried again after a fetch.</summary>
    public static bool IsOvertaken(GitOutcome outcome) => Says(outcome, "non-fast-forward", "fetch first", "cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists", "stale info", "already exists");

    /// <summary>What is wrong.</summary>
    public static IOException For(GitOutcome outcome, string what)
    {
        if (Says(outcome, "No space left on device", "Disk quota exceeded"))
        {
            return new StoreFullException($"No room is left: {what} failed.");
        }

        var (problem, advice, _) = Known.FirstOrDefault(known => Says(outcome, known.Signs));
        return advice is null
            ? new StoreUnavailableException(StoreProblem.Refused, $"{what} failed. Git says: {Shown(outcome.Error)}")
            : new StoreUnavailableException(problem, $"{what} failed. {advice} Git says: {Shown(outcome.Error)}");
    }

    /// <summary>What is wrong where git was not run to its end: only one that took too long may do better the next time.</summary>
    public static StoreUnavailableException For(GitRunException exception) =>
        new(exception.Fault == GitFault.TooSlow ? StoreProblem.Unreachable : StoreProblem.Refused, exception.Message, exception);

    private static bool Says(GitOutcome outcome, params string[] signs) => signs.Any(sign => outcome.Error.Contains(sign, StringComparison.OrdinalIgnoreCase));

    // The words come from another machine: bounded, and nothing in them that could turn or break a page or a log.
    private static string Shown(string error)
    {
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var telling = lines.FirstOrDefault(l => l.StartsWith("fatal:", StringComparison.Ordinal) || l.StartsWith("error:", StringComparison.Ordinal) || l.StartsWith("! ", StringComparison.Ordinal) || l.StartsWith("remote: ", StringComparison.Ordinal))
            ?? lines.LastOrDefault() ?? "nothing";
        var plain = string.Concat(telling.Take(MaxShown).Select(c => c is >= ' ' and <= '~' ? c : '?'));
        return plain;
    }
}
