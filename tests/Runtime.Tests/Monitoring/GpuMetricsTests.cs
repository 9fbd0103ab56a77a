using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Tests.Monitoring;

public sealed class GpuMetricsTests
{
    [Fact]
    public void Write_Gpus_UsesTheNamesOfDcgmAndTriton()
    {
        const double gib = 1024.0 * 1024 * 1024;
        var writer = new ExpositionWriter();
        GpuMetrics.Write(writer,
        [
            new GpuSample(0, "GPU-a", "NVIDIA A100", "570.1", 40, 12, 80 * gib, 8 * gib, 55, 250.5),
            new GpuSample(1, "GPU-b", "NVIDIA A100", "570.1", null, null, 80 * gib, 0, null, null),
        ]);
        var text = writer.ToString();
        Assert.Contains("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-a\",modelName=\"NVIDIA A100\"} 40\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("DCGM_FI_DEV_GPU_UTIL{gpu=\"1\"", text, StringComparison.Ordinal);
        Assert.Contains("DCGM_FI_DEV_FB_USED{gpu=\"0\",UUID=\"GPU-a\",modelName=\"NVIDIA A100\"} 8192\n", text, StringComparison.Ordinal);
        Assert.Contains("DCGM_FI_DEV_FB_FREE{gpu=\"1\",UUID=\"GPU-b\",modelName=\"NVIDIA A100\"} 81920\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_utilization{gpu_uuid=\"GPU-a\"} 0.4\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_memory_used_bytes{gpu_uuid=\"GPU-a\"} 8589934592\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoGpu_WritesNothing()
    {
        var writer = new ExpositionWriter();
        GpuMetrics.Write(writer, []);
        Assert.Empty(writer.ToString());
    }

    [Fact]
    public void Read_WhateverThisMachineHas_Answers()
    {
        var reader = new NvmlReader();
        Assert.Equal(reader.Read().Select(g => g.Index), reader.Read().Select(g => g.Index));
    }
}
