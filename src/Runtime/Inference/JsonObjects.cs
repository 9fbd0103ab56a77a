using System.Text.Json;

namespace Ops.Runtime.Inference;

/// <summary>The steps that reading every JSON object of a request takes.</summary>
internal static class JsonObjects
{
    /// <summary>Moves to the next member.</summary>
    /// <returns>False when the reader is on the object's end.</returns>
    public static bool NextProperty(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>The reader must be on the start of an object or array.</summary>
    /// <exception cref="ProtocolException">It is not.</exception>
    public static void Expect(ref Utf8JsonReader json, JsonTokenType token, string what)
    {
        if (json.TokenType != token)
        {
            throw ProtocolException.BadRequest($"{what} must be {(token == JsonTokenType.StartObject ? "an object" : "an array")}.");
        }
    }

    /// <summary>A member may come only once: which of two was meant cannot be known.</summary>
    /// <exception cref="ProtocolException">It came before.</exception>
    public static void Once(bool first, string what)
    {
        if (!first)
        {
            throw ProtocolException.BadRequest($"The {what} is given twice.");
        }
    }

    /// <summary>Moves to the member's value, which must be true or false.</summary>
    /// <exception cref="ProtocolException">It is something else.</exception>
    public static bool ReadBool(ref Utf8JsonReader json, string what)
    {
        json.Read();
        return json.TokenType is JsonTokenType.True or JsonTokenType.False
            ? json.TokenType == JsonTokenType.True
            : throw ProtocolException.BadRequest($"The parameter {what} must be true or false.");
    }

    /// <summary>Moves to the member's value, which must be a whole number in a range from 0.</summary>
    /// <exception cref="ProtocolException">It is something else.</exception>
    public static long ReadCount(ref Utf8JsonReader json, string what, long most)
    {
        json.Read();
        return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var value) && value >= 0 && value <= most
            ? value
            : throw ProtocolException.BadRequest($"The parameter {what} must be a whole number from 0 to {most}.");
    }
}
