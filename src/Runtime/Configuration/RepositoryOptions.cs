namespace Ops.Runtime.Configuration;

/// <summary>Whether versions may be loaded and unloaded over the network: configuration section
/// <c>Ops:Runtime:Repository</c>.</summary>
internal sealed class RepositoryOptions
{
    /// <summary>Answers the protocol's load and unload; otherwise they get 403. Only versions of the configuration can be
    /// loaded either way.</summary>
    public bool Enabled { get; set; }

    /// <summary>What load and unload must bring as a bearer token; null lets everybody who reaches the server.</summary>
    public string? Token { get; set; }
}
