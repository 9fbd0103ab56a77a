using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ops.Runtime.Inference;

/// <summary>How elements of one type are written in JSON.</summary>
/// <typeparam name="T">The element in memory.</typeparam>
internal interface IJsonElement<T> where T : unmanaged
{
    /// <summary>Reads the element that the reader is on.</summary>
    /// <returns>False when it is not of this type or does not fit.</returns>
    static abstract bool TryRead(ref Utf8JsonReader json, out T value);

    /// <summary>Writes an element.</summary>
    static abstract void Write(Utf8JsonWriter json, T value);
}

internal readonly struct JsonFloat32 : IJsonElement<float>
{
    public static bool TryRead(ref Utf8JsonReader json, out float value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetSingle(out value) && float.IsFinite(value);
    }

    /// <summary>JSON has no number for NaN and the infinities. They are written as the strings that protobuf's JSON form
    /// uses: a client that expects only numbers fails on them instead of computing with a made-up one.</summary>
    public static void Write(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteStringValue(float.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
        }
    }
}

internal readonly struct JsonFloat64 : IJsonElement<double>
{
    public static bool TryRead(ref Utf8JsonReader json, out double value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetDouble(out value) && double.IsFinite(value);
    }

    public static void Write(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            JsonFloat32.Write(json, (float)value);
        }
    }
}

internal readonly struct JsonFloat16 : IJsonElement<Half>
{
    public static bool TryRead(ref Utf8JsonReader json, out Half value)
    {
        var ok = JsonFloat32.TryRead(ref json, out var wide);
        value = (Half)wide;
        return ok && Half.IsFinite(value);
    }

    public static void Write(Utf8JsonWriter json, Half value) => JsonFloat32.Write(json, (float)value);
}

/// <summary>The upper half of a float32.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BrainFloat(ushort Bits)
{
    /// <summary>Rounds to the nearest, ties to even.</summary>
    public static BrainFloat From(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return new BrainFloat((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);
}

internal readonly struct JsonBrainFloat : IJsonElement<BrainFloat>
{
    public static bool TryRead(ref Utf8JsonReader json, out BrainFloat value)
    {
        var ok = JsonFloat32.TryRead(ref json, out var wide);
        value = BrainFloat.From(wide);
        return ok && float.IsFinite(value.ToSingle());
    }

    public static void Write(Utf8JsonWriter json, BrainFloat value) => JsonFloat32.Write(json, value.ToSingle());
}

internal readonly struct JsonInt8 : IJsonElement<sbyte>
{
    public static bool TryRead(ref Utf8JsonReader json, out sbyte value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetSByte(out value);
    }

    public static void Write(Utf8JsonWriter json, sbyte value) => json.WriteNumberValue(value);
}

internal readonly struct JsonUInt8 : IJsonElement<byte>
{
    public static bool TryRead(ref Utf8JsonReader json, out byte value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetByte(out value);
    }

    public static void Write(Utf8JsonWriter json, byte value) => json.WriteNumberValue(value);
}

internal readonly struct JsonInt16 : IJsonElement<short>
{
    public static bool TryRead(ref Utf8JsonReader json, out short value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetInt16(out value);
    }

    public static void Write(Utf8JsonWriter json, short value) => json.WriteNumberValue(value);
}

internal readonly struct JsonUInt16 : IJsonElement<ushort>
{
    public static bool TryRead(ref Utf8JsonReader json, out ushort value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetUInt16(out value);
    }

    public static void Write(Utf8JsonWriter json, ushort value) => json.WriteNumberValue(value);
}

internal readonly struct JsonInt32 : IJsonElement<int>
{
    public static bool TryRead(ref Utf8JsonReader json, out int value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetInt32(out value);
    }

    public static void Write(Utf8JsonWriter json, int value) => json.WriteNumberValue(value);
}

internal readonly struct JsonUInt32 : IJsonElement<uint>
{
    public static bool TryRead(ref Utf8JsonReader json, out uint value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetUInt32(out value);
    }

    public static void Write(Utf8JsonWriter json, uint value) => json.WriteNumberValue(value);
}

internal readonly struct JsonInt64 : IJsonElement<long>
{
    public static bool TryRead(ref Utf8JsonReader json, out long value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out value);
    }

    public static void Write(Utf8JsonWriter json, long value) => json.WriteNumberValue(value);
}

internal readonly struct JsonUInt64 : IJsonElement<ulong>
{
    public static bool TryRead(ref Utf8JsonReader json, out ulong value)
    {
        value = 0;
        return json.TokenType == JsonTokenType.Number && json.TryGetUInt64(out value);
    }

    public static void Write(Utf8JsonWriter json, ulong value) => json.WriteNumberValue(value);
}

/// <summary>In memory a byte that is 0 or 1, as the engine wants it.</summary>
internal readonly struct JsonBool : IJsonElement<byte>
{
    public static bool TryRead(ref Utf8JsonReader json, out byte value)
    {
        value = json.TokenType == JsonTokenType.True ? (byte)1 : (byte)0;
        return json.TokenType is JsonTokenType.True or JsonTokenType.False;
    }

    public static void Write(Utf8JsonWriter json, byte value) => json.WriteBooleanValue(value != 0);
}
