namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Reads the GPUs of this machine.</summary>
internal interface IGpuReader
{
    /// <summary>Reads all GPUs now. Never throws: what does not answer is said in the note.</summary>
    GpuReading Read();
}

/// <summary>The GPUs of a machine at one moment.</summary>
/// <param name="Gpus">The GPUs found.</param>
/// <param name="Note">Why there are none, or what could not be read; null when all is well.</param>
internal sealed record GpuReading(IReadOnlyList<GpuInventory> Gpus, string? Note);
