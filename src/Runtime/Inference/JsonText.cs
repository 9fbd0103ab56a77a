using System.Text.Json;
using System.Text.Unicode;

namespace Ops.Runtime.Inference;

/// <summary>Reads JSON strings of strangers.</summary>
internal static class JsonText
{
    /// <summary>The string that the reader is on.</summary>
    /// <param name="json">On a value.</param>
    /// <param name="what">What the string is, for the message.</param>
    /// <param name="maxLength">In UTF-16 units.</param>
    /// <exception cref="ProtocolException">No string, too long, or not valid Unicode.</exception>
    public static string Read(ref Utf8JsonReader json, string what, int maxLength)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            throw ProtocolException.BadRequest($"{what} must be a string.");
        }

        string text;
        try
        {
            text = json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode();
        }

        return text.Length <= maxLength ? text : throw ProtocolException.BadRequest($"{what} must have at most {maxLength} characters.");
    }

    /// <summary>Copies the string that the reader is on, unescaped, as UTF-8.</summary>
    /// <returns>Its length in bytes.</returns>
    /// <exception cref="ProtocolException">It is not valid Unicode.</exception>
    public static int Copy(ref Utf8JsonReader json, Span<byte> target)
    {
        try
        {
            return json.CopyString(target);
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode();
        }
    }

    /// <summary>The bytes of the string that the reader is on, which holds no escapes.</summary>
    /// <exception cref="ProtocolException">It is not valid Unicode.</exception>
    public static ReadOnlySpan<byte> Bytes(ref Utf8JsonReader json) =>
        Utf8.IsValid(json.ValueSpan) ? json.ValueSpan : throw NotUnicode();

    private static ProtocolException NotUnicode() => ProtocolException.BadRequest("The request holds a string that is not valid Unicode.");
}
