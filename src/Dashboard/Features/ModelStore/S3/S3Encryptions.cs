using Amazon.S3;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>What the settings about encryption are called by the client.</summary>
internal static class S3Encryptions
{
    /// <summary>The method, or null when the bucket decides.</summary>
    public static ServerSideEncryptionMethod? Method(S3Settings settings) => settings.Encryption switch
    {
        S3Encryption.Aes256 => ServerSideEncryptionMethod.AES256,
        S3Encryption.Kms => ServerSideEncryptionMethod.AWSKMS,
        _ => null,
    };
}
