using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/OciImage.Benchmarks -- --filter '*ContentStream*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
