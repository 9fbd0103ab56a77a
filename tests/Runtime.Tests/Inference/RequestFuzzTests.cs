using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

/// <summary>Damages requests at random: whatever comes, it is read or refused, and nothing is kept.</summary>
[Collection(nameof(AloneCollection))]
public sealed class RequestFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const string Interesting = "[]{},:\"\\0123456789.eE+-nullTrueFalse\u0000\u00ff ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly OrtEnvironment environment = OrtEnvironment.Create(1, spin: false, (_, _) => { });

    [Fact]
    public async Task Read_DamagedJson_IsReadOrRefusedAndNothingIsKept()
    {
        var whole = Encoding.UTF8.GetBytes(
            "{\"id\":\"a\",\"parameters\":{\"p\":[1,{}],\"priority\":1,\"timeout\":5,\"binary_data_output\":true,\"sequence_id\":0},"
            + "\"outputs\":[{\"name\":\"out_f32\",\"parameters\":{\"classification\":2,\"binary_data\":false}},{\"name\":\"out_str\"}],\"inputs\":["
            + string.Join(',', new[]
            {
                ("f16", "FP16", "[[0.5,1]]"), ("f32", "FP32", "[[1.5,2]]"), ("f64", "FP64", "[1.25,2]"), ("i8", "INT8", "[[-1,2]]"), ("u8", "UINT8", "[1,2]"),
                ("i32", "INT32", "[[1,2]]"), ("i64", "INT64", "[1,2]"), ("bool", "BOOL", "[[true,false]]"), ("str", "BYTES", "[\"\\u00e9\",\"b\"]"),
            }.Select(e => $"{{\"name\":\"in_{e.Item1}\",\"shape\":[1,2],\"datatype\":\"{e.Item2}\",\"data\":{e.Item3}}}"))
            + "]}");
        await FuzzAsync(whole, -1);
    }

    [Fact]
    public async Task Read_DamagedBinary_IsReadOrRefusedAndNothingIsKept()
    {
        byte[][] tensors =
        [
            BinaryRequest.Bytes<Half>((Half)1, (Half)2), BinaryRequest.Bytes(1f, 2f), BinaryRequest.Bytes(1d, 2d), BinaryRequest.Bytes<sbyte>(1, 2), BinaryRequest.Bytes<byte>(1, 2),
            BinaryRequest.Bytes(1, 2), BinaryRequest.Bytes(1L, 2L), [1, 0], BinaryRequest.Strings([1, 0, 2], []),
        ];
        var json = "{\"inputs\":["
            + string.Join(',', new[] { ("f16", "FP16"), ("f32", "FP32"), ("f64", "FP64"), ("i8", "INT8"), ("u8", "UINT8"), ("i32", "INT32"), ("i64", "INT64"), ("bool", "BOOL"), ("str", "BYTES") }
                .Select((e, i) => BinaryRequest.Input("in_" + e.Item1, e.Item2, "[1,2]", tensors[i].Length)))
            + "]}";
        await FuzzAsync(BinaryRequest.Body(json, tensors), json.Length);
    }

    public void Dispose() => environment.Dispose();

    private async Task FuzzAsync(byte[] whole, int headLength)
    {
        using var session = OrtSession.Load(environment, TestModels.Path("dtypes.onnx"));
        var model = new ModelSignature(session);
        var budget = new MemoryBudget(1_000_000, 100_000);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var live = OrtTensor.Live;
        (await ReadAsync(whole, headLength, 1 << 20, model, budget)).Dispose();

        var random = new Random(Seeds.Next(output));
        var (read, refused) = (0, 0);
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience || read <= 100 || refused <= 100;)
        {
            var body = Damage(whole, random);
            var head = headLength < 0 ? -1 : random.Next(4) == 0 ? random.Next(body.Length + 2) : headLength + (random.Next(3) == 0 ? body.Length - whole.Length : 0);
            try
            {
                (await ReadAsync(body, head, random.Next(1, 40), model, budget)).Dispose();
                read++;
            }
            catch (ProtocolException refusal)
            {
                Assert.True(refusal.Status is 400 or 413, $"{refusal.Status}: {refusal.Message}");
                refused++;
            }
#pragma warning disable CA1031 // The body that did it is worth more than the stack alone.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Assert.Fail($"Head {head} of {Convert.ToHexString(body)}: {exception}");
            }

            Assert.Equal(0, budget.InUse);
            Assert.Equal(live, OrtTensor.Live);
        }

        output.WriteLine($"{read} read, {refused} refused");
    }

    private static async Task<InferRequest> ReadAsync(byte[] body, int headLength, int chunk, ModelSignature model, MemoryBudget budget)
    {
        using var memory = budget.Open();
        var reader = PipeReader.Create(new MemoryStream(body), new StreamPipeReaderOptions(bufferSize: chunk, minimumReadSize: 1));
        try
        {
            if (headLength < 0)
            {
                using var all = await RequestBody.ReadAsync(reader, 100_000, memory, CancellationToken.None);
                using var json = InferRequestReader.Read(all.Span, model, memory);
                return json.Complete();
            }

            using var head = await RequestBody.ReadHeadAsync(reader, headLength, memory, CancellationToken.None);
            using var parsed = InferRequestReader.Read(head.Span, model, memory, binaryFollows: true);
            memory.GrowBodyTo(headLength + parsed.BinaryBytes);
            await BinaryTensorReader.ReadAsync(reader, parsed, model, memory, CancellationToken.None);
            return parsed.Complete();
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static byte[] Damage(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 2: bytes.Insert(at, (byte)Interesting[random.Next(Interesting.Length)]); break;
                case 3: bytes[at] = (byte)Interesting[random.Next(Interesting.Length)]; break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at))); break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add((byte)'{');
            }
        }

        return [.. bytes];
    }
}
