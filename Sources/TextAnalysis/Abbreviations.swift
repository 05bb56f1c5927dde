/// Words whose full stop does not end a sentence, folded and without their last full stop.
enum Abbreviations {
  /// Never the end of a sentence when more follows.
  static let always: Set<String> = list(
    """
    sr sra sres srta srs dr dra drs d dna don prof profa ing lic arq abg ud uds vd vds gral cnel cap tte sto sta
    mr mrs ms messrs jr rev hon gen col lt sgt capt st mt ph
    ej p.ej p pp pag pags vid cf cfr op cit ibid ib aprox tel tfno avda av ctra pza apdo atte ref refs
    vs e.g i.e eg ie viz al approx esp incl dept est ca c.f a.k.a resp
    s.a s.l ee.uu m me mme mlle z.b d.h bzw usw vgl u.a str dott sig sigg sig.ra ecc exmo exma sr.a
    """)

  /// Not the end of a sentence before a number.
  static let beforeNumbers: Set<String> = list(
    """
    no nos nro num nums n fig figs tab eq ec art arts cap caps sec vol vols ed eds ver vers v pt pto parr par lin ap
    apt ch sect pag pags p pp jan feb mar apr jun jul aug sep sept oct nov dec ene abr ago dic nr abs kap
    """)

  private static func list(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
