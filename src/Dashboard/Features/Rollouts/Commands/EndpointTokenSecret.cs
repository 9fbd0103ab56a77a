using System.Buffers.Text;
using System.Security.Cryptography;

namespace Ops.Dashboard.Features.Rollouts.Commands;

/// <summary>The secret of an endpoint token: <c>ops_</c> and 32 random bytes in base64url. It is shown once; the registry keeps its hash (<see cref="Serving.EndpointTokens.HashOf"/>).</summary>
internal static class EndpointTokenSecret
{
    private const string Mark = "ops_";
    private const int PrefixLength = 10;

    /// <summary>Makes one.</summary>
    public static string Create() => Mark + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What people recognise it by.</summary>
    public static string PrefixOf(string secret) => secret[..PrefixLength];
}
