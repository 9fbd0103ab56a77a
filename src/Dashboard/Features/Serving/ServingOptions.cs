using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Serving;

/// <summary>How requests to <c>/serve/...</c> are forwarded. Section <c>Ops:Serving</c>.</summary>
internal sealed class ServingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Serving";

    /// <summary>How long a request waits for a replica to become ready before it gets 503; bridges the restart of a lone replica.</summary>
    public double WaitForReplicaSeconds { get; set; } = 5;

    /// <summary>How many requests of one endpoint may wait so; further ones get 503 at once.</summary>
    public int MaxWaitingRequests { get; set; } = 1000;

    /// <summary>The longest time without a byte in either direction.</summary>
    public double ActivityTimeoutSeconds { get; set; } = 100;

    /// <summary>How long the list of an endpoint's tokens is trusted; a revoked token works at most that much longer.</summary>
    public double TokenCacheSeconds { get; set; } = 5;
}

/// <summary>Reports every mistake in <see cref="ServingOptions"/> at once, each with its key.</summary>
internal sealed class ValidateServingOptions : IValidateOptions<ServingOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServingOptions options)
    {
        List<string> failures = [];
        if (options.WaitForReplicaSeconds is not (>= 0 and <= 60))
        {
            failures.Add("Ops:Serving:WaitForReplicaSeconds must be 0 to 60.");
        }

        if (options.MaxWaitingRequests is < 0 or > 100_000)
        {
            failures.Add("Ops:Serving:MaxWaitingRequests must be 0 to 100000.");
        }

        if (options.ActivityTimeoutSeconds is not (>= 1 and <= 3600))
        {
            failures.Add("Ops:Serving:ActivityTimeoutSeconds must be 1 to 3600.");
        }

        if (options.TokenCacheSeconds is not (>= 0 and <= 60))
        {
            failures.Add("Ops:Serving:TokenCacheSeconds must be 0 to 60.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
