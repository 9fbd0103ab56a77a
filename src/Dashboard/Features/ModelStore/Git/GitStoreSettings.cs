namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>Where a repository is and how it is used. Holds no secret.</summary>
internal sealed record GitStoreSettings
{
    /// <summary>The repository: <c>https://host/path.git</c>, <c>ssh://user@host/path.git</c>, or the absolute path of a bare repository below an allowed root.</summary>
    public string Repository { get; init; } = "";

    /// <summary>The user that goes with the token over HTTP. Most hosts take any; some want <c>oauth2</c> or <c>x-access-token</c>.</summary>
    public string UserName { get; init; } = "ops";

    /// <summary>Whether large files go to the LFS server of the repository. Needs the program git-lfs.</summary>
    public bool Lfs { get; init; }

    /// <summary>With LFS: files of this many MiB or more go there.</summary>
    public int LfsAboveMiB { get; init; } = 10;

    /// <summary>The largest file in MiB that is put into the repository itself. Hosts have limits of their own.</summary>
    public int LargestFileMiB { get; init; } = 2048;

    /// <summary>How many MiB of the data folder's disk are used to keep files at hand. More is used while more is in use.</summary>
    public int CacheMiB { get; init; } = 20_480;

    /// <summary>How many minutes one push or fetch may take.</summary>
    public int TimeoutMinutes { get; init; } = 120;

    /// <summary>For ssh: the host's public keys as in a known_hosts file.</summary>
    public string? KnownHosts { get; init; }

    /// <summary>For https: certificates (PEM) to trust instead of those of the system.</summary>
    public string? CaPem { get; init; }

    /// <summary>Allows http without encryption to another machine. The token can be read on the way.</summary>
    public bool AllowPlainHttp { get; init; }
}

/// <summary>What the store signs in with.</summary>
/// <param name="Token">A token or password for HTTP, or null.</param>
/// <param name="SshKey">A private key for ssh in OpenSSH's form without a passphrase, or null.</param>
internal sealed record GitSecrets(string? Token, string? SshKey)
{
    /// <summary>Without the secrets, for logs.</summary>
    public override string ToString() => nameof(GitSecrets);
}
