using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>The opaque names of objects: 128 random bits as 32 lower-case hex digits. Nothing a person typed is ever part of one.</summary>
internal static class ObjectIds
{
    private const int Length = 32;

    /// <summary>Makes a new one.</summary>
    public static string Create() => RandomNumberGenerator.GetHexString(Length, lowercase: true);

    /// <summary>Whether this could be one of ours.</summary>
    public static bool IsValid(string? id) => id is { Length: Length } && id.All(char.IsAsciiHexDigitLower);

    /// <summary>Throws when this cannot be one of ours: an altered row or a mistake of ours must not become a path.</summary>
    /// <exception cref="ArgumentException">Not 32 lower-case hex digits.</exception>
    public static string Check(string id) => IsValid(id) ? id : throw new ArgumentException("Not an object id.", nameof(id));
}
