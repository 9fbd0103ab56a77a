using YamlDotNet.Serialization;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A kubeconfig as it is written (client.config/v1). Own records, because those of the client's package lack <c>proxy-url</c>.</summary>
internal sealed record KubeconfigFile
{
    /// <summary>The context to use when nobody says which.</summary>
    [YamlMember(Alias = "current-context")]
    public string? CurrentContext { get; set; }

    /// <summary>Contexts by name.</summary>
    [YamlMember(Alias = "contexts")]
    public List<KubeconfigNamedContext>? Contexts { get; set; }

    /// <summary>Clusters by name.</summary>
    [YamlMember(Alias = "clusters")]
    public List<KubeconfigNamedCluster>? Clusters { get; set; }

    /// <summary>Users by name.</summary>
    [YamlMember(Alias = "users")]
    public List<KubeconfigNamedUser>? Users { get; set; }
}

/// <summary>A context with its name.</summary>
internal sealed record KubeconfigNamedContext
{
    /// <summary>The name.</summary>
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }

    /// <summary>What it is.</summary>
    [YamlMember(Alias = "context")]
    public KubeconfigContextBody? Context { get; set; }
}

/// <summary>What a context joins.</summary>
internal sealed record KubeconfigContextBody
{
    /// <summary>The cluster's name.</summary>
    [YamlMember(Alias = "cluster")]
    public string? Cluster { get; set; }

    /// <summary>The user's name.</summary>
    [YamlMember(Alias = "user")]
    public string? User { get; set; }

    /// <summary>The namespace.</summary>
    [YamlMember(Alias = "namespace")]
    public string? Namespace { get; set; }
}

/// <summary>A cluster with its name.</summary>
internal sealed record KubeconfigNamedCluster
{
    /// <summary>The name.</summary>
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }

    /// <summary>What it is.</summary>
    [YamlMember(Alias = "cluster")]
    public KubeconfigCluster? Cluster { get; set; }
}

/// <summary>Where a cluster is.</summary>
internal sealed record KubeconfigCluster
{
    /// <summary>The address.</summary>
    [YamlMember(Alias = "server")]
    public string? Server { get; set; }

    /// <summary>A file of authorities.</summary>
    [YamlMember(Alias = "certificate-authority")]
    public string? CertificateAuthority { get; set; }

    /// <summary>Authorities, as PEM in base64.</summary>
    [YamlMember(Alias = "certificate-authority-data")]
    public string? CertificateAuthorityData { get; set; }

    /// <summary>Whether its certificate goes unchecked.</summary>
    [YamlMember(Alias = "insecure-skip-tls-verify")]
    public bool Insecure { get; set; }

    /// <summary>The name its certificate must have.</summary>
    [YamlMember(Alias = "tls-server-name")]
    public string? ServerName { get; set; }

    /// <summary>The proxy on the way.</summary>
    [YamlMember(Alias = "proxy-url")]
    public string? Proxy { get; set; }

    /// <summary>What others have put in, by name.</summary>
    [YamlMember(Alias = "extensions")]
    public List<KubeconfigNamedExtension>? Extensions { get; set; }
}

/// <summary>Something that others have put in.</summary>
internal sealed record KubeconfigNamedExtension
{
    /// <summary>The name.</summary>
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }

    /// <summary>What it is: texts, numbers, lists and maps.</summary>
    [YamlMember(Alias = "extension")]
    public object? Extension { get; set; }
}

/// <summary>A user with its name.</summary>
internal sealed record KubeconfigNamedUser
{
    /// <summary>The name.</summary>
    [YamlMember(Alias = "name")]
    public string? Name { get; set; }

    /// <summary>How it signs in.</summary>
    [YamlMember(Alias = "user")]
    public KubeconfigUser? User { get; set; }
}

/// <summary>How a user signs in.</summary>
internal sealed record KubeconfigUser
{
    /// <summary>The token.</summary>
    [YamlMember(Alias = "token")]
    public string? Token { get; set; }

    /// <summary>A file with the token.</summary>
    [YamlMember(Alias = "tokenFile")]
    public string? TokenFile { get; set; }

    /// <summary>A certificate's file.</summary>
    [YamlMember(Alias = "client-certificate")]
    public string? ClientCertificate { get; set; }

    /// <summary>A certificate, as PEM in base64.</summary>
    [YamlMember(Alias = "client-certificate-data")]
    public string? ClientCertificateData { get; set; }

    /// <summary>A key's file.</summary>
    [YamlMember(Alias = "client-key")]
    public string? ClientKey { get; set; }

    /// <summary>A key, as PEM in base64.</summary>
    [YamlMember(Alias = "client-key-data")]
    public string? ClientKeyData { get; set; }

    /// <summary>A user name; no cluster takes passwords any more.</summary>
    [YamlMember(Alias = "username")]
    public string? UserName { get; set; }

    /// <summary>Somebody else to act as.</summary>
    [YamlMember(Alias = "as")]
    public string? Impersonate { get; set; }

    /// <summary>A plugin of old clients.</summary>
    [YamlMember(Alias = "auth-provider")]
    public Dictionary<string, object>? AuthProvider { get; set; }

    /// <summary>A program that signs in.</summary>
    [YamlMember(Alias = "exec")]
    public KubeconfigExecBody? Exec { get; set; }
}

/// <summary>A program that signs in.</summary>
internal sealed record KubeconfigExecBody
{
    /// <summary>The version of what it prints.</summary>
    [YamlMember(Alias = "apiVersion")]
    public string? ApiVersion { get; set; }

    /// <summary>The program.</summary>
    [YamlMember(Alias = "command")]
    public string? Command { get; set; }

    /// <summary>Its arguments.</summary>
    [YamlMember(Alias = "args")]
    public List<string>? Args { get; set; }

    /// <summary>Its environment variables, each with <c>name</c> and <c>value</c>.</summary>
    [YamlMember(Alias = "env")]
    public List<Dictionary<string, string>>? Env { get; set; }

    /// <summary>What to do when the program is not there.</summary>
    [YamlMember(Alias = "installHint")]
    public string? InstallHint { get; set; }

    /// <summary>Whether the program is told of the cluster.</summary>
    [YamlMember(Alias = "provideClusterInfo")]
    public bool ProvideClusterInfo { get; set; }

    /// <summary>Whether it asks somebody at a terminal: <c>Never</c>, <c>IfAvailable</c> or <c>Always</c>.</summary>
    [YamlMember(Alias = "interactiveMode")]
    public string? InteractiveMode { get; set; }
}
