namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Where an S3-compatible store is and how to speak with it. Holds no secret.</summary>
internal sealed record S3Settings
{
    /// <summary>The server, such as <c>https://minio.example.org:9000</c>; null is AWS in <see cref="Region"/>.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Where browsers and runtimes elsewhere reach the server, when that differs from <see cref="Endpoint"/>.</summary>
    public string? PublicEndpoint { get; init; }

    /// <summary>The region that requests are signed for; MinIO takes <c>us-east-1</c> unless it was told another.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket. It must exist.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>What every key begins with. One of its own for every installation: what lies below it and belongs to no version is deleted.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether the bucket stands in the path (MinIO, Ceph, Swift) or in the host name (AWS).</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>For servers that do not know the checksums of newer S3: none is sent with requests, signatures alone protect them.</summary>
    public bool LegacySigning { get; init; }

    /// <summary>Certificates (PEM) that are trusted beside those of the system, such as that of a company's own authority.</summary>
    public string? CaPem { get; init; }

    /// <summary>A proxy, such as <c>http://proxy:3128</c>; null uses the one of the environment, if any.</summary>
    public string? Proxy { get; init; }

    /// <summary>Whom the proxy knows this dashboard as; null when it asks nobody.</summary>
    public string? ProxyUser { get; init; }

    /// <summary>How the server encrypts objects: <c>none</c>, <c>AES256</c> or <c>aws:kms</c>.</summary>
    public string Encryption { get; init; } = S3Encryption.None;

    /// <summary>The key for <c>aws:kms</c>; null is the bucket's own.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>Whether browsers send parts straight to the server. It must be reachable for them and allow the dashboard's origin (CORS).</summary>
    public bool DirectUploads { get; init; }

    /// <summary>Whether files are downloaded straight from the server.</summary>
    public bool DirectDownloads { get; init; }
}

/// <summary>The key that requests are signed with.</summary>
/// <param name="AccessKey">Its id.</param>
/// <param name="SecretKey">Its secret.</param>
internal sealed record S3Credentials(string AccessKey, string SecretKey)
{
    /// <summary>What goes with <see cref="S3Settings.ProxyUser"/>.</summary>
    public string? ProxyPassword { get; init; }

    /// <summary>Without the secrets, for logs.</summary>
    public override string ToString() => $"S3Credentials {AccessKey}";
}

/// <summary>How objects are encrypted by the server.</summary>
internal static class S3Encryption
{
    /// <summary>As the bucket says.</summary>
    public const string None = "none";

    /// <summary>With keys of the server.</summary>
    public const string Aes256 = "AES256";

    /// <summary>With a key of the key management service.</summary>
    public const string Kms = "aws:kms";
}
