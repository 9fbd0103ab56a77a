using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What kept a cluster from doing something.</summary>
internal enum ClusterProblem
{
    /// <summary>It does not answer, not in time or not as an API. Whether something was done is not known.</summary>
    Unreachable,

    /// <summary>It does not know who asks: the token or certificate is wrong or over.</summary>
    Unauthorized,

    /// <summary>The account lacks a right.</summary>
    Forbidden,

    /// <summary>The thing, its namespace or its kind is not there.</summary>
    NotFound,

    /// <summary>A thing of this name is there already.</summary>
    AlreadyExists,

    /// <summary>It was changed meanwhile, or a precondition does not hold.</summary>
    Conflict,

    /// <summary>Fields belong to other managers; <see cref="ClusterException.Conflicts"/> says which.</summary>
    FieldConflict,

    /// <summary>What was sent is wrong; <see cref="ClusterException.Causes"/> names fields.</summary>
    Invalid,

    /// <summary>A version or page that is asked for is kept no longer.</summary>
    Expired,

    /// <summary>It has too much to do.</summary>
    TooManyRequests,

    /// <summary>It failed inside.</summary>
    Unavailable,
}

/// <summary>A field that somebody else has set.</summary>
/// <param name="Manager">Who, such as <c>kubectl-edit</c>.</param>
/// <param name="Field">The path, such as <c>.spec.replicas</c>.</param>
internal sealed record FieldConflict(string Manager, string Field);

/// <summary>A cluster did not do what was asked; the message is a sentence for people.</summary>
internal sealed class ClusterException(ClusterProblem problem, string message, Exception? inner = null) : InvalidOperationException(message, inner)
{
    /// <summary>What it was.</summary>
    public ClusterProblem Problem => problem;

    /// <summary>What the cluster said; null when it said nothing.</summary>
    public V1Status? Status { get; init; }

    /// <summary>How long it asks to be left alone; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Who owns which fields, of a <see cref="ClusterProblem.FieldConflict"/>.</summary>
    public IReadOnlyList<FieldConflict> Conflicts { get; init; } = [];

    /// <summary>What is wrong with which fields, of an <see cref="ClusterProblem.Invalid"/> one.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];
}
