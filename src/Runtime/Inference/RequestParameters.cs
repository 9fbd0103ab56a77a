using System.Text.Json;

namespace Ops.Runtime.Inference;

/// <summary>The parameters of a whole request.</summary>
/// <param name="Treatment">How it wants to be treated; null when it did not say.</param>
/// <param name="BinaryOutput">Return all outputs in binary that do not say otherwise.</param>
internal readonly record struct RequestParameters(InferParameters? Treatment, bool BinaryOutput)
{
    /// <summary>Longer ones are taken for this: a day in microseconds.</summary>
    private const long MaxTimeout = 24L * 60 * 60 * 1_000_000;

    /// <summary>Reads them. Ones that ask for something that is not offered are refused, unknown ones are ignored.</summary>
    /// <param name="json">On the first token of the object; afterwards on its last.</param>
    /// <exception cref="ProtocolException">They are malformed or ask for what is not offered.</exception>
    public static RequestParameters Read(ref Utf8JsonReader json)
    {
        JsonObjects.Expect(ref json, JsonTokenType.StartObject, "parameters");
        var (priority, timeout, binary) = (0L, 0L, false);
        while (JsonObjects.NextProperty(ref json))
        {
            if (json.ValueTextEquals("priority"u8))
            {
                priority = JsonObjects.ReadCount(ref json, "priority", uint.MaxValue);
            }
            else if (json.ValueTextEquals("timeout"u8))
            {
                timeout = Math.Min(JsonObjects.ReadCount(ref json, "timeout", long.MaxValue), MaxTimeout);
            }
            else if (json.ValueTextEquals("binary_data_output"u8))
            {
                binary = JsonObjects.ReadBool(ref json, "binary_data_output");
            }
            else if (json.ValueTextEquals("sequence_id"u8) || json.ValueTextEquals("sequence_start"u8) || json.ValueTextEquals("sequence_end"u8))
            {
                RefuseSequence(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        var treatment = priority == 0 && timeout == 0
            ? null
            : new InferParameters((uint)priority, timeout == 0 ? null : TimeSpan.FromMicroseconds(timeout));
        return new RequestParameters(treatment, binary);
    }

    /// <summary>Clients say "no sequence" by 0, an empty name and false.</summary>
    private static void RefuseSequence(ref Utf8JsonReader json)
    {
        json.Read();
        var none = json.TokenType switch
        {
            JsonTokenType.False => true,
            JsonTokenType.Number => json.TryGetInt64(out var id) && id == 0,
            JsonTokenType.String => json.ValueSpan.IsEmpty,
            _ => false,
        };
        if (!none)
        {
            throw ProtocolException.BadRequest("Sequences of requests (sequence_id, sequence_start, sequence_end) are not supported.");
        }
    }
}
