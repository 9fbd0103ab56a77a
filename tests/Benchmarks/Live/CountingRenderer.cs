using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.RenderTree;
using Microsoft.Extensions.Logging;

namespace Ops.Benchmarks.Live;

/// <summary>Renders components as a circuit does, writes each change in the circuit's own format, and counts its bytes instead of sending them.</summary>
internal sealed class CountingRenderer : Renderer
{
    // What the hub adds around each change: the name of the message, the renderer, the number of the change.
    private const int FrameBytes = 40;
    private static readonly Type WriterType = Assembly.Load("Microsoft.AspNetCore.Components.Server").GetType("Microsoft.AspNetCore.Components.Server.Circuits.RenderBatchWriter", throwOnError: true)!;
    private static readonly ConstructorInfo MakeWriter = WriterType.GetConstructor([typeof(Stream), typeof(bool)])!;
    private static readonly MethodInfo Write = WriterType.GetMethods().Single(m => m.Name == "Write" && m.GetParameters() is [{ ParameterType.IsByRef: true }]);
    private long bytes;
    private long batches;

    public CountingRenderer(IServiceProvider services, ILoggerFactory logs)
        : base(services, logs)
    {
    }

    public override Dispatcher Dispatcher { get; } = Dispatcher.CreateDefault();

    public long Bytes => Volatile.Read(ref bytes);

    public long Batches => Volatile.Read(ref batches);

    public Exception? Failure { get; private set; }

    public Task ShowAsync<T>(IReadOnlyDictionary<string, object?> parameters)
        where T : IComponent => Dispatcher.InvokeAsync(() => RenderRootComponentAsync(AssignRootComponentId(InstantiateComponent(typeof(T))), ParameterView.FromDictionary(parameters.ToDictionary())));

    protected override void HandleException(Exception exception) => Failure ??= exception;

    protected override Task UpdateDisplayAsync(in RenderBatch renderBatch)
    {
        using var buffer = new MemoryStream();
        var writer = (IDisposable)MakeWriter.Invoke([buffer, true]);
        Write.Invoke(writer, [renderBatch]);
        writer.Dispose();
        Interlocked.Add(ref bytes, buffer.Length + FrameBytes);
        Interlocked.Increment(ref batches);
        return Task.CompletedTask;
    }
}
