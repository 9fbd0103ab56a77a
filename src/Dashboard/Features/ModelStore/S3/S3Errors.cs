using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Turns what the client throws into the exceptions of a store, in words for an administrator.</summary>
internal static class S3Errors
{
    private const HttpStatusCode InsufficientStorage = (HttpStatusCode)507;

    /// <summary>Runs work on the store and translates its failures.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public static async Task<T> GuardAsync<T>(S3Settings settings, Func<Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (exception is AmazonClientException or AmazonServiceException or HttpRequestException or HttpIOException or SocketException or AuthenticationException
            || exception.GetType() == typeof(IOException)
            || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Translate(settings, exception);
        }
    }

    /// <summary>Whether the server says that it does not have what was asked for (rather than the bucket).</summary>
    public static bool IsMissing(AmazonS3Exception exception) =>
        exception.ErrorCode is "NoSuchKey" or "NoSuchUpload" || (exception.StatusCode == HttpStatusCode.NotFound && exception.ErrorCode != "NoSuchBucket");

    /// <summary>What a failure means.</summary>
    public static IOException Translate(S3Settings settings, Exception exception) => exception switch
    {
        AmazonS3Exception refused when IsMissing(refused) => new FileNotFoundException("The object is not in the store.", refused),
        AmazonS3Exception refused when IsFull(refused) => new StoreFullException($"The store has no room left in the bucket {settings.Bucket}.", refused),
        AmazonServiceException refused when refused.StatusCode != 0 => Refusal(settings, refused),
        _ when Find<StoreUnavailableException>(exception) is { } refused => refused,
        _ when Find<HttpRequestException>(exception) is { HttpRequestError: HttpRequestError.ProxyTunnelError } tunnel && tunnel.Message.Contains("407", StringComparison.Ordinal) =>
            new StoreUnavailableException(StoreProblem.Credentials, ProxyLogin(settings), tunnel),
        _ when Find<AuthenticationException>(exception) is { } tls => new StoreUnavailableException(
            StoreProblem.Certificate,
            $"The certificate of {Server(settings)} is not trusted. Add the certificate of its authority (PEM), or correct the host name.",
            tls),
        _ => new StoreUnavailableException(
            StoreProblem.Unreachable,
            settings.Proxy is { } proxy
                ? $"{Server(settings)} does not answer through the proxy {proxy}. Check both addresses and the network, and whether both run. ({(Find<SocketException>(exception) ?? exception).Message})"
                : $"{Server(settings)} does not answer. Check the address and the network, and whether the server runs. ({(Find<SocketException>(exception) ?? exception).Message})",
            exception),
    };

    private static StoreUnavailableException Refusal(S3Settings settings, AmazonServiceException refused)
    {
        var (problem, message) = refused.ErrorCode switch
        {
            "NoSuchBucket" => (StoreProblem.NoSuchPlace, $"There is no bucket {settings.Bucket} on {Server(settings)}. Create it, or correct its name."),
            "InvalidAccessKeyId" or "InvalidToken" or "ExpiredToken" => (StoreProblem.Credentials, "The server does not know this access key. Correct it, or make a new one."),
            "SignatureDoesNotMatch" => (StoreProblem.Credentials, "The signature is wrong: correct the secret key. If it is right, check the region, and whether something in between changes requests."),
            "RequestTimeTooSkewed" => (StoreProblem.Clock, "The clocks of the server and of this machine differ by more than 15 minutes. Set both by NTP."),
            "AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException" => (StoreProblem.Refused, $"The bucket is in another region than {settings.Region}. Correct the region, or the address. ({refused.Message})"),
            "XAmzContentSHA256Mismatch" or "InvalidDigest" or "BadDigest" => (StoreProblem.Refused, "The bytes changed on their way to the server. Trying again may work."),
            "NotImplemented" or "InvalidArgument" or "InvalidRequest" or "InvalidEncryptionAlgorithmError" or "KMS.NotFoundException" when settings.Encryption != S3Encryption.None =>
                (StoreProblem.Refused, $"The server does not encrypt objects with {settings.Encryption} as it is set up{(settings.LegacySigning ? "" : ", or does not know something of newer S3")}. Set encryption to none, correct the key{(settings.LegacySigning ? "" : ", or turn on legacy signing")}. ({refused.Message})"),
            "NotImplemented" or "InvalidArgument" or "InvalidRequest" when !settings.LegacySigning =>
                (StoreProblem.Refused, $"The server does not know something of newer S3. Turn on legacy signing. ({refused.Message})"),
            _ => refused.StatusCode switch
            {
                HttpStatusCode.ProxyAuthenticationRequired => (StoreProblem.Credentials, ProxyLogin(settings)),
                HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => (StoreProblem.Forbidden,
                    $"The key may not do this in the bucket {settings.Bucket}, or its secret is wrong. Allow it to read, write, list and delete objects and to use multipart uploads there."),
                HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                    (StoreProblem.Unreachable, $"{Server(settings)} has trouble ({(int)refused.StatusCode} {refused.ErrorCode}). Trying again may work."),
                _ => (StoreProblem.Refused, $"{Server(settings)} refused the request: {(int)refused.StatusCode} {refused.ErrorCode} {refused.Message}"),
            },
        };
        return new StoreUnavailableException(problem, message, refused);
    }

    private static bool IsFull(AmazonS3Exception exception) =>
        exception.StatusCode == InsufficientStorage || exception.ErrorCode is "XMinioStorageFull" or "QuotaExceeded" or "XMinioAdminBucketQuotaExceeded" or "EntityTooLargeForQuota";

    private static string ProxyLogin(S3Settings settings) => settings.ProxyUser is null
        ? $"The proxy {settings.Proxy} wants a user and a password. Give them beside its address."
        : $"The proxy {settings.Proxy} does not accept the user {settings.ProxyUser} with this password. Correct them.";

    private static string Server(S3Settings settings) => settings.Endpoint ?? $"AWS S3 in {settings.Region}";

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
