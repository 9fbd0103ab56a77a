using System.Text;
using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Inference;

public sealed class InferRequestReaderTests : IDisposable
{
    private readonly OrtEnvironment environment = OrtEnvironment.Create(1, spin: false, (_, _) => { });

    [Fact]
    public void Read_DamagedBodies_AreRefusedOrReadAndNeverAnythingElse()
    {
        using var session = OrtSession.Load(environment, TestModels.Path("dtypes.onnx"));
        var model = new ModelSignature(session);
        var whole = Encoding.UTF8.GetBytes(
            "{\"id\":\"a\",\"parameters\":{\"p\":[1,{}]},\"outputs\":[{\"name\":\"out_f32\"},{\"name\":\"out_str\"}],\"inputs\":["
            + string.Join(',', new[]
            {
                ("f16", "FP16", "[[0.5,1]]"), ("f32", "FP32", "[[1.5,2]]"), ("f64", "FP64", "[1.25,2]"), ("i8", "INT8", "[[-1,2]]"), ("u8", "UINT8", "[1,2]"),
                ("i32", "INT32", "[[1,2]]"), ("i64", "INT64", "[1,2]"), ("bool", "BOOL", "[[true,false]]"), ("str", "BYTES", "[\"\\u00e9\",\"b\"]"),
            }.Select(e => $"{{\"name\":\"in_{e.Item1}\",\"shape\":[1,2],\"datatype\":\"{e.Item2}\",\"data\":{e.Item3}}}"))
            + "]}");
        InferRequestReader.Read(whole, model).Dispose();

        var random = new Random(20261122);
        const string interesting = "[]{},:\"\\0123456789.eE+-nullTrueFalse\u0000\u00ff ";
        var (read, refused) = (0, 0);
        for (var i = 0; i < 30_000; i++)
        {
            var bytes = whole.ToList();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                    case 2: bytes.Insert(at, (byte)interesting[random.Next(interesting.Length)]); break;
                    default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at))); break;
                }
            }

            try
            {
                InferRequestReader.Read(bytes.ToArray(), model).Dispose();
                read++;
            }
            catch (ProtocolException refusal)
            {
                Assert.Equal(400, refusal.Status);
                refused++;
            }
        }

        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused: the damage is too small or too large to tell anything.");
    }

    public void Dispose() => environment.Dispose();
}
