"""Help texts, examples first. Plain strings: showing them imports nothing."""

OVERVIEW = """\
seqkit: train recurrent models on text, sound, DNA and numbers.

  seqkit fit --domain audio                          train on demo data made on the spot
  seqkit fit --domain text --data.path corpus.txt    train on your own
  seqkit test runs/text-next-step-1                  score a run on its test split
  seqkit generate runs/text-next-step-1 --prompt "Once" --steps 300
  seqkit predict runs/audio-classify-1 --data.path new-recordings/ --out answers.csv
  seqkit fit --config text/tiny-shakespeare --data.path input.txt

verbs:
  check       what is in a data set, and every problem that training would meet
  fit         train a model; everything about it goes into a run folder
  crossval    train and test once a fold, or once a group left out
  compare     baselines and cells, from chance upward, on the same split
  validate    figures on the validation split of a run
  test        figures on the test split of a run
  predict     one row a record: class, value, or likelihood
  score       how likely each record or each step is, and what a domain asks besides
  generate    continue a prompt: text, sound, bases, series
  forecast    the future of series: table, summary, plots
  embed       the hidden state of each record, or of each step
  stream      read a pipe, answer while reading
  diagnose    how far back a model learns: gradient flow, gates, memory, truncation
  export      a trained model as files to pass on: safetensors, JSON, a model card
  make        data whose best possible result is known, in a domain's own format
  domains     what is installed, from which package, and what failed
  bench       how fast this machine is at what recurrent networks need

  seqkit VERB --help                                 options of a verb
  seqkit fit --domain NAME --help                    all options of a domain

`sqk` and `python -m seqkit` are the same program. --debug shows the traceback of an error;
--threads N sets the threads of any verb that computes (default: the cores that this process may use);
fit, crossval and compare also take --threads auto, which times a few steps and takes the fastest.
"""

CHECK = """\
seqkit check DATA --domain NAME: counts, class balance, facts of the domain, and every problem; nothing is trained.

  seqkit check corpus.txt --domain text
  seqkit check promoter=prom.fa other=rest.fa --domain dna --data.task classify --out problems.csv
  seqkit check recordings.zip --domain audio --data.label_pattern '^(\\d)_' --json

  DATA                file, folder, archive or LABEL=PATH, as --data.path takes it; several may be named
  --domain NAME       text, audio, dna, timeseries, or a plugin's
  --data.*, --config  as for fit: seqkit fit --domain NAME --help
  --out FILE          all problems, one a line: .csv or .jsonl (the terminal shows the first 20 of a kind)
  --json              print the whole report as JSON

Exit code 0: training would take these data. 2: problems were found.
"""

FIT = """\
seqkit fit --domain NAME: train a model.

  seqkit fit --domain text --data.path corpus.txt --model.hidden_size 512
  seqkit fit --domain dna --data.path promoter=prom.fa --data.path other=rest.fa --data.task classify
  seqkit fit --config text/tiny-shakespeare --data.path input.txt --trainer.max_epochs 2

  --domain NAME       text, audio, dna, timeseries, or a plugin's (seqkit domains lists them)
  --config FILE       YAML file or shipped recipe; later options win; may be repeated
  --data.* --model.* --encoder.* --trainer.*    all listed by: seqkit fit --domain NAME --help
  --seed N            seed of weights, order and dropout (0)
  --run DIR           run folder (the next free runs/NAME-TASK-N)
  --probe true|false  measure whether bf16-mixed is faster here, and use it only then (true)
  --threads N         threads that compute (the cores of this process); auto times a few steps and takes the fastest
  --resume auto|never go on with the unfinished run of the same settings: the same command continues (auto)
  --fresh             begin anew; what is in --run is renamed, not removed
  --checkpoint_minutes M   minutes between points that a killed training goes on from (5)
  --print_config      show all options as YAML and stop
"""

CROSSVAL = """\
seqkit crossval --domain NAME: train and test once for each fold; mean and deviation of the figures.

  seqkit crossval --config text/sentence-polarity --data.path positive=pos.txt --data.path negative=neg.txt --folds 10
  seqkit crossval --config audio/fsdd --data.path recordings.zip --leave_one_group_out --data.group_match '_(\\w+)_'

  --folds K               rounds (10); folds are made by a hash of each record's file and number, not stratified
  --leave_one_group_out   a round for each group of --data.group_match, which is then the test split
  --run DIR               where crossval.json, plots and a run folder a round go (the next free runs/NAME-crossval-N)
  --resume, --fresh       as for fit: the same command goes on with the rounds that are left
  all other options       as for seqkit fit; --data.test_path, test_match and test_every are replaced
"""

COMPARE = """\
seqkit compare --domain NAME: what is counted, what is trained and what is known, on the same split in one table.

  seqkit compare --domain text --data.path corpus.txt --trainer.max_epochs 2
  seqkit compare --domain text --data.task classify --data.path made:memory --across lag=8,16,64 --rungs bag,rnn,lstm
  seqkit compare --config lecture/remedies --domain audio

  --rungs A,B          only these: cells such as bag, window, rnn, lstm, and what is counted for the data
                       (what is counted is always shown, unless some of it is named)
  --across NAME=V1,V2  a column for each value of an option such as data.window, or of one of made data, such as lag
  --seeds N            trainings of each rung with seeds one after another; median and range (1)
  --split NAME         valid (default), or test once everything is chosen
  --run DIR            where compare.json, compare.csv, a picture and the runs go (the next free runs/NAME-compare-N);
                       the same command with the same folder trains only what is not finished
  --fresh              begin anew; what is in --run is renamed, not removed
  --json               print compare.json instead of tables
  all other options    as for seqkit fit; a recipe may hold variants and several domains under `compare:`
"""

EVALUATE = """\
seqkit {verb} RUN: figures on the {split} split of a trained run.

  seqkit {verb} runs/audio-classify-1
  seqkit {verb} runs/audio-classify-1 --data.{split}_path more-recordings/

  RUN                 run folder, or a checkpoint file
  --data.*            options of the run's data that should differ now
  --positive LABEL    of two classes, the one that areas under curves are about (the second)
  --beam N            prefixes that ctc keeps while decoding (1: the likeliest symbol at each step)
  --json              print result-{split}.json instead of tables
"""

PREDICT = """\
seqkit predict RUN: one row a record with its origin.

  seqkit predict runs/dna-classify-1 --data.path genes.fa --out answers.csv

  RUN                 run folder, or a checkpoint file
  --data.path PATH    what to read (default: what the run was trained on); other --data.* as for fit
  --split NAME        predict: all records of the path (default); train, valid or test: that part
  --beam N            prefixes that ctc keeps while decoding (1: the likeliest symbol at each step)
  --out FILE          .csv, .jsonl or .parquet (default: RUN/predictions.csv)
"""

SCORE = """\
seqkit score RUN: how likely each record is under a model trained on next_step, or each of its steps.

  seqkit score runs/text-next-step-1 --data.path new.txt --data.documents lines
  seqkit score runs/timeseries-next-step-1 --data.path pump.csv --threshold 6
  seqkit score runs/dna-next-step-1 --data.path genes.fa --per_step --out steps.parquet

  RUN                 run folder, or a checkpoint file
  --data.path PATH    what to read (default: what the run was trained on); other --data.* as for fit
  --split NAME        predict: all records of the path (default); train, valid or test: that part
  --per_step          one row a step instead of one a record
  --threshold X       numbers: name the steps with an anomaly of X or more; 6 is one in a million
  --out FILE          .csv, .jsonl or .parquet (default: RUN/scores.csv)

  seqkit score RUN --help                            with the questions that the run's domain adds
"""

GENERATE = """\
seqkit generate RUN: continue a sequence, step by step with carried state.

  seqkit generate runs/text-next-step-1 --prompt "Once upon" --steps 500 --temperature 0.8
  seqkit generate runs/audio-next-step-1 --prompt-file start.wav --out longer.wav
  seqkit generate runs/timeseries-next-step-1 --samples 200 --out forecast.csv

  RUN                 run folder, or a checkpoint file
  --prompt TEXT       what to continue
  --prompt-file FILE  records to continue, in any format of the domain
  --steps N           steps to add (default: the horizon, a second of sound, else 200)
  --samples N         independent continuations of each prompt (1; forecasts 100)
  --temperature T     1 draws from the model, 0 takes the likeliest (1)
  --top_k K           only the K likeliest symbols
  --top_p P           only the likeliest symbols that together reach P
  --seed N            of the draws (0)
  --out FILE          where to save it, in a format of the domain
"""

EMBED = """\
seqkit embed RUN: the hidden state of each record, for search, clustering, or a model of your own.

  seqkit embed runs/dna-classify-1 --data.path genes.fa --out genes.npz
  seqkit embed runs/text-next-step-1 --data.path letters.txt --pooling every

  RUN                 run folder, or a checkpoint file
  --pooling NAME      mean of all steps (mean), last step of each direction (last), a row for each step (every)
  --data.path PATH    what to read (default: what the run was trained on); other --data.* as for fit
  --split NAME        predict: all records of the path (default); train, valid or test: that part
  --out FILE          .parquet or .npz (default: RUN/embeddings.parquet)
"""

STREAM = """\
seqkit stream RUN: read from a pipe, answer while reading. Ctrl+C ends it.

  tail -f service.log | seqkit stream runs/text-next-step-1
  arecord -f S16_LE -r 8000 -t raw | seqkit stream runs/audio-next-step-1 --json
  zcat genome.fa.gz | seqkit stream runs/dna-next-step-1 > surprisal.tsv

  RUN                 run folder, or a checkpoint file
  --chunk N           steps that are read at once at most (256); what has arrived is never kept waiting
  --json              a JSON object a line instead of a table with tabs

One line a step: its value and, under next_step, how surprising it was (nll_nats) given all before it; for numbers also
what is expected next. Under tag the label of each step, under classify the answer so far, a line a chunk.
Text comes as text, sound as WAV or 16-bit little-endian samples, DNA as FASTA or letters, series as lines of numbers.
"""

DIAGNOSE = """\
seqkit diagnose RUN: how far back a model learns, and what its gates do; an HTML report with pictures.

  seqkit diagnose runs/text-next-step-1
  seqkit diagnose runs/audio-next-step-1 --data.path speech.wav --steps 4000 --out speech.html
  seqkit diagnose runs/dna-classify-1 --records 32 --no_truncation --json

  RUN                 run folder, or a checkpoint file
  --data.path PATH    what to read (default: what the run was trained on); other --data.* as for fit
  --split NAME        train, valid or test (valid); predict: all records of a stream (with --data.path)
  --records N         records that are read (8)
  --steps T           outputs of the recurrent layers that are looked at, of each record (1024)
  --threshold X       share of the gradient that counts as reaching a step (0.01)
  --truncation K,...  outputs of the recurrent layers after which the gradient is cut (powers of two)
  --no_truncation     leave that comparison out: it takes most of the time
  --out FILE          the report (default: RUN/diagnosis/report.html); figures as JSON and pictures go beside it
  --json              print the figures as JSON instead of tables
"""

EXPORT = """\
seqkit export RUN: a trained model as files to pass on, none of which can hold code.

  seqkit export runs/dna-classify-1 --out promoters
  seqkit predict promoters --data.path genes.fa --out answers.csv

  RUN                 run folder, or a checkpoint file
  --out FOLDER        a new folder: model.safetensors, seqkit.json (how to build the model, and hashes),
                      README.md (the model card: data, figures, limits, how to load it)

Every verb takes the folder in place of RUN and writes nothing into it: without --out, output goes to the current folder
under the model's name. Data and their paths are left out: name data with --data.path.
"""

FORECAST = """\
seqkit forecast RUN: the future of series, with mean and quantiles.

  seqkit forecast runs/timeseries-forecast-1
  seqkit forecast runs/timeseries-forecast-1 --data.path newer.csv --out next-week.csv --plots 10

  RUN                 run folder, or a checkpoint file, of a model of numbers (next_step or forecast)
  --data.path PATH    series to continue (default: those the run was trained on); other --data.* as for fit
  --steps N           steps to forecast (default: the horizon)
  --samples N         sample paths, or samples a step for models of task forecast (100)
  --seed N            of the draws (0)
  --out FILE          table of mean and quantiles, in a format of the domain (default: RUN/forecast.csv)
  --plots N           series that are plotted beside the table (3)
"""

DOMAINS = """\
seqkit domains [NAME]: what is installed, from which package, what failed and why.

  seqkit domains
  seqkit domains audio
"""

MAKE = """\
seqkit make [SOURCE] --domain D: data whose best possible result is known, as files in a domain's own format.

  seqkit make --domain text                          the sources of a domain and their options
  seqkit make memory --domain text --lag 40 --out memory-40
  seqkit fit --domain text --data.task classify --data.path made:memory,lag=40      the same, kept in the cache

  SOURCE              what to make
  --out FOLDER        new folder for the files (default: the source's name)
  --seed N            of the draws: the same options and seed write the same bytes
"""

BENCH = """\
seqkit bench: how fast this machine is at what recurrent networks need, and which options that speaks for.

  seqkit bench
  seqkit bench --threads 1 --json > machine.json

  --threads N         threads that compute (the cores of this process)
  --repeats N         rounds that count, of which the median is shown (7)
  --quick             small sizes only: some 5 s on an idle machine (20 s without), several times that on a busy one
  --json              print JSON instead of tables
"""
